"""How much of a stream's history stays in the database."""

from datetime import timedelta
from itertools import takewhile
from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from realtime import history
from realtime.models import Publication, Stream

CHUNK: Final = 1_000
"""Publications deleted in one statement, so that no writer waits long."""


def prune(stream: str, *, count: int, age: float) -> int:
    """Delete the publications of *stream* beyond the newest *count*, or older than *age* seconds; return how many.

    What is pending has no offset yet and is never touched. A client whose position is gone gets a reset.
    """
    oldest_kept = history.head(stream).offset - count + 1
    written_after = timezone.now() - timedelta(seconds=age)
    deleted = 0
    while True:
        rows = Publication.objects.filter(stream=stream, offset__isnull=False).order_by("offset")
        chunk = rows.values_list("offset", "created_at")[:CHUNK]
        old = [offset or 0 for offset, at in chunk if (offset or 0) < oldest_kept or at < written_after]
        if not old:
            return deleted
        floor = max(old)
        Stream.objects.filter(name=stream).update(floor=Greatest(F("floor"), Value(floor)))
        Publication.objects.filter(stream=stream, offset__lte=floor).delete()
        deleted += len(old)
        if len(old) < CHUNK:
            return deleted


def prune_details(stream: str, *, count: int, age: float) -> int:
    """Delete the details of *stream* beyond the newest *count*, or older than *age* seconds; return how many.

    What else is on the stream stays; only who wants details cannot continue from before them.
    """
    details = Publication.objects.filter(stream=stream, detail=True, offset__isnull=False)
    surplus = details.order_by("-offset").values_list("offset", flat=True)[count : count + 1].first() or 0
    written_after = timezone.now() - timedelta(seconds=age)
    deleted = 0
    while True:
        chunk = details.order_by("offset").values_list("pk", "offset", "created_at")[:CHUNK]
        # The oldest ones and no others, so that what is left has no hole.
        old = list(takewhile(lambda row: (row[1] or 0) <= surplus or row[2] < written_after, chunk))
        if not old:
            return deleted
        floor = old[-1][1] or 0
        Stream.objects.filter(name=stream).update(details_floor=Greatest(F("details_floor"), Value(floor)))
        Publication.objects.filter(pk__in=[pk for pk, _, _ in old]).delete()
        deleted += len(old)
        if len(old) < CHUNK:
            return deleted
