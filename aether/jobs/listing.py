"""The list of jobs: filters, and cursors that hold whatever is added or removed."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.core import signing
from django.db.models import Q

from aether.jobs.models import Job
from aether.jobs.topics import shown_jobs


class InvalidCursor(Exception):
    """A text that is no cursor of this server."""


def listed(wanted: Mapping[str, Any]) -> tuple[list[Job], str | None]:
    """Return the newest jobs that are *wanted*, and the cursor of those that follow, None where none do.

    Raises: InvalidCursor.
    """
    rows = shown_jobs()
    if wanted.get("status"):
        rows = rows.filter(status__in=wanted["status"])
    if wanted.get("target_host"):
        rows = rows.filter(target_host=wanted["target_host"])
    if wanted.get("parent"):
        rows = rows.filter(parent_id=wanted["parent"])
    if wanted.get("since"):
        rows = rows.filter(created_at__gte=wanted["since"])
    if wanted.get("cursor"):
        rows = rows.filter(_after(wanted["cursor"]))
    limit = wanted["limit"]
    found = list(rows[: limit + 1])
    return found[:limit], _cursor_at(found[limit - 1]) if len(found) > limit else None


@cache
def _signer() -> signing.Signer:
    return signing.Signer(salt="jobs.page")  # Not before it is used: some commands need no SECRET_KEY.


def _cursor_at(job: Job) -> str:
    return _signer().sign_object([job.created_at.isoformat(), job.pk.hex])


def _after(cursor: str) -> Q:
    try:
        created_at, pk = _signer().unsign_object(cursor)
    except signing.BadSignature as error:
        raise InvalidCursor(cursor) from error
    moment = datetime.fromisoformat(created_at)
    return Q(created_at__lte=moment) & (Q(created_at__lt=moment) | Q(pk__lt=uuid.UUID(hex=pk)))
