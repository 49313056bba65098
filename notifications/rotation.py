"""Encrypt sensitive notifications anew, with the first key, while servers run.

What a row says stays the same, so nobody is told and its version stays. Only rows that another key encrypted are
touched, so that this can be stopped and started again wherever it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Left

from notifications import secrecy
from notifications.models import Notification

BATCH: Final = 200
"""Rows in one transaction."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one batch did: rows encrypted anew, and rows that could not be read and were left as they are."""

    done: int
    unreadable: int


def rotate() -> Iterator[Progress]:
    """Encrypt all that the first key did not encrypt, a batch at each step, in the order of their ids.

    Rows that a writer holds at that moment are passed over, so that neither waits for the other; call it again until
    `remaining` names none. Raises: NoKey.
    """
    last = None
    while True:
        rows = _others() if last is None else _others().filter(pk__gt=last)
        with transaction.atomic():
            batch = list(rows.select_for_update(skip_locked=True)[:BATCH])
            if not batch:
                return
            last, done = batch[-1].pk, sum(map(_encrypt_anew, batch))
        yield Progress(done, len(batch) - done)


def remaining() -> dict[str, int]:
    """Return how many notifications each key encrypts, by the key's name. It reads no text."""
    starts = Notification.objects.filter(sensitive=True).order_by().values_list(Left("sealed", secrecy.PREFIX))
    counts = starts.annotate(Count("pk"))
    return {secrecy.key_name(start): count for start, count in counts}


def _others() -> QuerySet[Notification]:
    return Notification.objects.filter(sensitive=True).exclude(sealed__startswith=secrecy.prefix()).order_by("pk")


def _encrypt_anew(row: Notification) -> bool:
    try:
        text = secrecy.unseal(row.pk, row.sealed)
    except secrecy.Unreadable:
        return False
    changes = {"sealed": secrecy.seal(row.pk, text)}
    if row.dedup_key:
        changes["dedup_key"] = secrecy.blind(text["dedup_key"], row.audience)
    Notification.objects.filter(pk=row.pk).update(**changes)
    return True
