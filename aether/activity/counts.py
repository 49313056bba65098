"""Counts over time: what one user may see of the last hour, by minutes.

Buckets are counted from the epoch in UTC, so that neither the server's time zone nor the reader's moves them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMinute

from aether.jobs.models import Job
from aether.jobs.states import FINAL, UNFINISHED, Status
from notifications.inbox import Inbox
from notifications.vocabulary import Level

LEVELS: Final = tuple(str(level) for level in Level)
STATES: Final = tuple(str(status) for status in Status if status != Status.PENDING)
"""The states that a job enters at a time that is known."""
Counts = Iterable[tuple[datetime, str, int]]


def activity(user: AbstractBaseUser, *, now: datetime, minutes: int, bucket: int) -> dict[str, Any]:
    """Return buckets of *bucket* minutes that cover the last *minutes*, the oldest first, the last one under way.

    A notification counts when it was created, a job when it began (`running`) and when it ended.
    """
    step = timedelta(minutes=bucket)
    last = floor(now, step)
    first = last - step * (-(-minutes // bucket) - 1)
    notifications = _by_minute(Inbox(user).visible().filter(created_at__gte=first), "created_at", "level")
    buckets = {
        first + step * index: {"notifications": dict.fromkeys(LEVELS, 0), "jobs": dict.fromkeys(STATES, 0)}
        for index in range((last - first) // step + 1)
    }
    for kind, counts in (("notifications", notifications), ("jobs", _jobs(first))):
        for (minute, name), count in _summed(counts, step).items():
            if minute in buckets:  # What has a time in the future waits until that has come.
                buckets[minute][kind][name] += count
    return {"bucket_minutes": bucket, "buckets": [{"start": start, **held} for start, held in buckets.items()]}


def floor(moment: datetime, step: timedelta) -> datetime:
    """Return when the bucket of *moment* begins."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (moment - epoch) // step * step


def _jobs(first: datetime) -> Iterator[tuple[datetime, str, int]]:
    lately = Q(status__in=UNFINISHED) | Q(completed_at__gte=first)  # Has indexes, which `started_at` has not.
    began = _by_minute(Job.objects.filter(lately, started_at__gte=first), "started_at", None)
    yield from ((minute, str(Status.RUNNING), count) for minute, _, count in began)
    yield from _by_minute(Job.objects.filter(completed_at__gte=first, status__in=FINAL), "completed_at", "status")


def _by_minute(rows: QuerySet[Any], time: str, name: str | None) -> Counts:
    """Count *rows* in the database, by the minute and by a field: an hour may have had very many."""
    fields = ["minute"] if name is None else ["minute", name]
    counted = rows.order_by().annotate(minute=TruncMinute(time, tzinfo=UTC)).values_list(*fields)
    for minute, *rest in counted.annotate(count=Count("pk")):
        yield minute, rest[0] if name else "", rest[-1]


def _summed(counts: Counts, step: timedelta) -> Counter[tuple[datetime, str]]:
    total: Counter[tuple[datetime, str]] = Counter()
    for minute, name, count in counts:
        total[floor(minute, step), name] += count
    return total
