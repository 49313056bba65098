"""Many of one kind in a short time: a storm, whose notifications share a key and so are one entry of a list.

Of one kind are those with the same audience, category and level. What has a key of its own, or is sensitive, is in no
storm. The rows themselves stay as they are; each is published, found, read and deleted by itself.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Count, F
from django.utils import timezone

from notifications import publications
from notifications.models import Notification
from realtime import outbox

PREFIX: Final = "storm:"
"""What the keys of storms begin with, and no other."""
TAKEN: Final = 500
"""Notifications that one creation takes into a storm at most."""
ASKED: Final = 500
"""Kinds in one query."""


class Limit(NamedTuple):
    """More than `most` of a kind within `span` are a storm; it is over when none came for as long."""

    most: int
    span: timedelta


def join(rows: Iterable[Notification]) -> None:
    """Give those of *rows* that are in a storm its key. Store them afterwards, in the same transaction.

    One that begins takes those with it that made it one. Costs one look along an index for each kind, at no more than
    `NOTIFICATION_STORM_COUNT` rows.
    """
    limit = _limit()
    if limit is None:
        return
    since = timezone.now() - limit.span
    kinds: dict[str, list[Notification]] = defaultdict(list)
    for row in rows:
        if row.group_key is None and not row.sensitive and row.deliver_at is None:
            row.kind = f"{row.own_audience}|{row.category}|{row.level}"
            if row.created_at > since:
                kinds[row.kind].append(row)
    for kind in _busy(kinds, since, limit):
        _join(kind, kinds[kind], since, limit)


def _busy(kinds: dict[str, list[Notification]], since: datetime, limit: Limit) -> Collection[str]:
    """Return which of *kinds* are worth a closer look, with one query for each 500."""
    if len(kinds) < 2:
        return list(kinds)
    found: list[str] = []
    names = iter(sorted(kinds))  # In one order, so that two such transactions do not wait in a circle.
    while some := list(islice(names, ASKED)):
        stored = Notification.objects.filter(kind__in=some, created_at__gt=since).order_by()
        counts = dict(stored.values_list("kind").annotate(count=Count("pk")))
        found += [kind for kind in some if counts.get(kind, 0) + len(kinds[kind]) > limit.most]
    return found


def _join(kind: str, rows: Sequence[Notification], since: datetime, limit: Limit) -> None:
    recent = _recent(kind, since, limit)
    key = next((key for key in recent if key), None)
    if key is None:
        if len(recent) + len(rows) <= limit.most or not _alone(kind):
            return
        key = _begun(kind, since) or f"{PREFIX}{uuid.uuid4()}"  # Another one may have begun it since.
    if None in recent:
        _take(key, kind, since)
    for row in rows:
        row.group_key = key


def _recent(kind: str, since: datetime, limit: Limit) -> list[str | None]:
    """Return the keys of the newest ones of *kind*; none but storms' can be there."""
    stored = Notification.objects.filter(kind=kind, created_at__gt=since).order_by("-created_at")
    return list(stored.values_list("group_key", flat=True)[: limit.most])


def _begun(kind: str, since: datetime) -> str | None:
    """Return the key of the storm that is on, also where others without it are newer."""
    stored = Notification.objects.filter(kind=kind, created_at__gt=since, group_key__startswith=PREFIX)
    return stored.order_by("-created_at").values_list("group_key", flat=True).first()


def _take(key: str, kind: str, since: datetime) -> None:
    """Give *key* to what came before the storm was one, or was created while another process began it.

    What somebody else holds at this moment is left to the next. It stays as read as it is.
    """
    wanted = Notification.objects.filter(kind=kind, created_at__gt=since, group_key=None, deleted_at=None)
    wanted = wanted.order_by("-created_at")[:TAKEN]
    held = list(wanted.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked))
    now = timezone.now()
    Notification.objects.filter(pk__in=[row.pk for row in held]).update(
        group_key=key, version=F("version") + 1, updated_at=now
    )
    for row in held:
        row.group_key, row.version, row.updated_at = key, row.version + 1, now
    outbox.publish_many(publications.changed(row) for row in held)


def _alone(kind: str) -> bool:
    """Return whether this transaction is the only one that may begin a storm of *kind*; it never waits.

    SQLite has one writer at a time anyway.
    """
    if connection.vendor != "postgresql":
        return True
    name = int.from_bytes(blake2b(f"storm {kind}".encode(), digest_size=8).digest(), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [name])
        (taken,) = cursor.fetchone()
    return bool(taken)


def _limit() -> Limit | None:
    count = getattr(settings, "NOTIFICATION_STORM_COUNT", 20)
    seconds = getattr(settings, "NOTIFICATION_STORM_SECONDS", 60)
    return Limit(count, timedelta(seconds=seconds)) if count > 0 and seconds > 0 else None
