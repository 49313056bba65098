"""What comes by the clock: the delivery of what was scheduled, and the end of snoozes.

A running server looks for both about every second, on one node at a time. Should two look at once, each row is locked
by one of them, and the other passes it over. What became due while no server ran comes when one does.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from notifications import publications, storms
from notifications.actions.keys import make_way
from notifications.actions.many import share
from notifications.models import LIVE, Notification, Receipt
from notifications.readers import Readers
from notifications.recent import notes_of
from notifications.unread import unread_counts
from realtime import outbox
from realtime.memberships import prefetch

BATCH: Final = 500
"""Rows in one transaction, so that other writers get their turn."""
PATIENCE: Final = 5.0
"""Seconds after which the other work of the upkeep has its turn."""


def all_due(work: Callable[[], int], *, clock: Callable[[], float] = time.monotonic) -> int:
    """Do *work* again until it finds less than a full batch, or for five seconds; return how many it did."""
    until, count = clock() + PATIENCE, 0
    while True:
        done = work()
        count += done
        if done < BATCH or clock() >= until:
            return count


def deliver(now: datetime | None = None) -> int:
    """Tell of up to 500 scheduled notifications whose `deliver_at` has come; return how many.

    From then on each is like one that was created at that moment: unread for everyone, and the newest. One with a
    dedup_key takes the place of the live one that has it.
    """
    now = timezone.now() if now is None else now
    # Of those for the same moment, in the order in which they were written.
    order = ("deliver_at", "created_at", "id")
    due = Notification.objects.filter(deliver_at__lte=now, deleted_at=None).order_by(*order)
    if not due.exists():  # A look takes no lock; this runs every second.
        return 0
    with transaction.atomic():
        rows = list(due.select_for_update(skip_locked=True)[:BATCH])
        for row in rows:
            make_way(row)
        _deliver(rows, max(now, timezone.now()))
        outbox.publish_many(publications.opened(row) for row in rows)
    return len(rows)


def _deliver(rows: Sequence[Notification], now: datetime) -> None:
    """Write *rows* as created now, one after the other, so that they keep their order."""
    opened = F("version") + 1
    fields: dict[str, Any] = {"version": opened, "opened_version": opened, "deliver_at": None, "updated_at": now}
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(**fields)
    for number, row in enumerate(rows):
        row.created_at = now + timedelta(microseconds=number)
        row.version = row.opened_version = row.version + 1
        row.deliver_at, row.updated_at = None, now
    storms.join(rows)  # Many that were scheduled for one moment are a storm, too.
    Notification.objects.bulk_update(rows, ["created_at", "group_key", "kind"])


def wake(now: datetime | None = None) -> int:
    """Bring up to 500 snoozed notifications back to their users' inboxes, as unread; return how many were due.

    They leave the archive, too. Of what was deleted, dismissed, or opened again meanwhile nobody is told.
    """
    now = timezone.now() if now is None else now
    due = Receipt.objects.filter(snoozed_until__lte=now).order_by("snoozed_until", "id")
    if not due.exists():
        return 0
    with transaction.atomic():
        found = dict(due.values_list("pk", "notification_id")[:BATCH])
        share(found.values())  # Before the receipts, as marking does.
        receipts = list(due.filter(pk__in=found).select_for_update(skip_locked=True))
        asleep = Receipt.objects.filter(pk__in=[one.pk for one in receipts])
        current = asleep.filter(snoozed_version__gte=F("notification__opened_version"))
        there = {f"notification__{name}": value for name, value in LIVE.items()}
        back = list(current.filter(**there, dismissed_version__lt=F("notification__opened_version")))
        version = Notification.objects.filter(pk=OuterRef("notification_id")).values("version")
        Receipt.objects.filter(pk__in=list(current.values_list("pk", flat=True))).update(
            read_version=0, unread_version=Subquery(version), archived_version=0
        )
        asleep.update(snoozed_version=0, snoozed_until=None, updated_at=now)
        _tell(back)
    return len(receipts)


def _tell(receipts: Sequence[Receipt]) -> None:
    """Tell each user of what came back to them, as far as they may see it still."""
    users = list(get_user_model()._default_manager.filter(pk__in={one.user_id for one in receipts}))
    prefetch(users)
    readers, counts = Readers(users), unread_counts([user.pk for user in users])
    rows = Notification.objects.in_bulk({one.notification_id for one in receipts})
    notes = {note.id: note for note in notes_of(list(rows.values()))}
    fresh = readers.receipts(notes)
    drafts = []
    for one in receipts:
        row, note = rows[one.notification_id], notes[one.notification_id]
        if row.audience in readers.audiences(one.user_id):
            item = readers.item(one.user_id, note, fresh[one.user_id, note.id])
            draft = publications.marked(one.user_id, row, item, "updated", counts[one.user_id])
            drafts.append(publications.for_older(draft, "created"))
    outbox.publish_many(drafts)
