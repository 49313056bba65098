"""Delete, restore, expire and prune."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from notifications import publications
from notifications.actions.keys import key_of, live
from notifications.actions.many import DISMISS, Chunk, Count, Done, each, in_inbox, marking
from notifications.actions.marking import dismiss
from notifications.actions.tombstones import remove
from notifications.actions.writing import require_version
from notifications.inbox import Inbox
from notifications.models import SCHEDULED, Notification, Receipt
from realtime import outbox
from realtime.audience import EVERYONE

DELETE: Final = "notifications.delete_notification"
RETENTION: Final = timedelta(days=30)
"""How long a notification is kept after its last change, deleted or not."""
BATCH: Final = 500
"""Rows in one transaction, so that other writers get their turn."""


def delete(user: AbstractUser, pk: uuid.UUID, *, versions: Collection[int] | None = None) -> None:
    """Delete a notification for everyone, where *user* has the delete permission; else dismiss it for them alone.

    With *versions* only while it has one of them.

    Raises: Notification.DoesNotExist, also for what *user* may not see; Outdated.
    """
    with transaction.atomic():
        rows = Inbox(user).visible()
        row = (rows if versions is None else rows.select_for_update()).only("version").get(pk=pk)
        require_version(row, versions)
        if not user.has_perm(DELETE):
            dismiss(user, pk)
        elif not delete_for_everyone([pk]):
            raise Notification.DoesNotExist


def cancel(pk: uuid.UUID, *, versions: Collection[int] | None = None) -> None:
    """Delete a scheduled notification before it is delivered, of which nobody is told.

    With *versions* only while it has one of them.

    Raises: Notification.DoesNotExist, also where it was delivered meanwhile; Outdated.
    """
    with transaction.atomic():
        rows = Notification.objects.filter(**SCHEDULED).select_for_update()
        require_version(rows.only("version").get(pk=pk), versions)
        remove(Notification.objects.filter(pk=pk))


def delete_for_everyone(pks: Iterable[uuid.UUID]) -> int:
    """Delete notifications for everyone, whoever asks; return how many. They stay restorable for 30 days."""
    wanted = list(pks)
    starts = range(0, len(wanted), BATCH)
    with transaction.atomic():
        return sum(remove(Notification.objects.filter(pk__in=wanted[at : at + BATCH])) for at in starts)


def clear(dedup_key: str, *, audience: str = EVERYONE) -> bool:
    """Delete the live notification with *dedup_key* for its whole audience; return whether there was one."""
    with transaction.atomic():
        held = live(audience, dedup_key)
        return held is not None and remove(Notification.objects.filter(pk=held.pk)) > 0


def restore(user: AbstractUser, pk: uuid.UUID) -> dict[str, Any]:
    """Bring a notification back and return it as *user* sees it; nothing happens where it was never away.

    One that was deleted for everyone comes back as unread, which needs the delete permission; one that *user*
    dismissed comes back for them alone, as read as it was.

    Raises: Notification.DoesNotExist, also where *user* may not.
    """
    with transaction.atomic():
        inbox = Inbox(user)
        row = inbox.covered().select_for_update().get(pk=pk)
        if row.deleted_at is not None:
            if not user.has_perm(DELETE):
                raise Notification.DoesNotExist
            _reopen(row)
        _take_back(user, inbox, [row], Count())
        return inbox.view([row])[0]


def delete_many(user: AbstractUser, pks: Iterable[uuid.UUID]) -> Done:
    """Delete notifications for everyone, where *user* has the delete permission; else dismiss them for them alone.

    Each 500 are committed by themselves.
    """
    return each(pks, _deleting(user) if user.has_perm(DELETE) else marking(user, DISMISS))


def restore_many(user: AbstractUser, pks: Iterable[uuid.UUID]) -> Done:
    """Do what `restore` does with many: those that were deleted for everyone, and those that *user* dismissed.

    What *user* may not restore is missing. Each 500 are committed by themselves.
    """
    return each(pks, _restoring(user))


def restore_for_everyone(pks: Iterable[uuid.UUID]) -> int:
    """Bring deleted notifications back as unread, whoever asks; return how many there were."""
    with transaction.atomic():
        rows = list(Notification.objects.filter(pk__in=list(pks), deleted_at__isnull=False).select_for_update())
        for row in rows:
            _reopen(row)
    return len(rows)


def expire() -> int:
    """Delete up to 500 notifications whose `expires_at` has come, for everyone; return how many."""
    due = Notification.objects.filter(expires_at__lte=timezone.now(), deleted_at=None)
    if not due.exists():  # A look takes no lock; this runs every second.
        return 0
    with transaction.atomic():
        pks = list(due.values_list("pk", flat=True)[:BATCH])
        return remove(Notification.objects.filter(pk__in=pks))


def prune(age: timedelta = RETENTION) -> int:
    """Delete up to 500 rows for good that nothing changed for *age*; return how many. Call it until it returns 0.

    What somebody saved or snoozed stays, and what is scheduled, until it is deleted or was delivered.
    """
    kept = Receipt.objects.filter(Q(saved=True) | Q(snoozed_version__gt=0), notification=OuterRef("pk"))
    gone = Q(deleted_at__isnull=False) | Q(~Exists(kept), deliver_at=None)
    old = Notification.objects.filter(gone, updated_at__lt=timezone.now() - age).order_by("updated_at")
    if not old.exists():
        return 0
    with transaction.atomic():
        pks = list(old.values_list("pk", flat=True)[:BATCH])
        rows = Notification.objects.filter(pk__in=pks).select_for_update()
        list(rows.values_list("pk"))
        _, deleted = rows.delete()
    return deleted.get(Notification._meta.label, 0)


def _reopen(row: Notification) -> None:
    """Bring *row* back as if it were created now: clients that deleted it take only what opens a newer version.

    A key that another one has taken meanwhile, and an expiry that has passed, are given up. What was scheduled is so
    again, and delivered where its time has come.
    """
    if row.dedup_key is not None and live(row.audience, key_of(row), scheduled=row.deliver_at is not None):
        row.dedup_key = None
    if row.expires_at is not None and row.expires_at <= timezone.now():
        row.expires_at = None
    row.version = row.opened_version = row.version + 1
    row.deleted_at, row.updated_at = None, timezone.now()
    fields = ("dedup_key", "expires_at", "version", "opened_version", "deleted_at", "updated_at")
    Notification.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in fields})
    if row.deliver_at is None:
        outbox.publish(publications.opened(row))


def _deleting(user: AbstractUser) -> Chunk:
    def work(pks: Sequence[uuid.UUID], count: Count) -> tuple[list[uuid.UUID], int]:
        found = list(Inbox(user).visible().filter(pk__in=pks).values_list("pk", flat=True))
        return found, delete_for_everyone(found)

    return work


def _restoring(user: AbstractUser) -> Chunk:
    may = user.has_perm(DELETE)

    def work(pks: Sequence[uuid.UUID], count: Count) -> tuple[list[uuid.UUID], int]:
        inbox = Inbox(user)
        rows = list(inbox.covered().filter(pk__in=pks).order_by("pk").select_for_update())
        rows.sort(key=lambda row: (row.created_at, row.pk))
        deleted = [row for row in rows if row.deleted_at is not None]
        for row in deleted if may else ():
            _reopen(row)
        there = [row for row in rows if row.deleted_at is None]
        taken = _take_back(user, inbox, there, count)
        return [row.pk for row in there], taken + (len(deleted) if may else 0)

    return work


def _take_back(user: AbstractUser, inbox: Inbox, rows: Sequence[Notification], count: Count) -> int:
    """Undo *user*'s dismissals of *rows*, which are locked, and return how many there were.

    The versions move on, since the user's clients hold tombstones with the present ones.
    """
    receipts = {
        one.notification_id: one
        for one in Receipt.objects.select_for_update().filter(user_id=user.pk, notification__in=rows)
    }
    away = [row for row in rows if row.pk in receipts and receipts[row.pk].dismissed_version >= row.opened_version]
    if not away:
        return 0
    pks = [row.pk for row in away]
    Receipt.objects.filter(user_id=user.pk, notification__in=pks).update(dismissed_version=0)
    Notification.objects.filter(pk__in=pks).update(version=F("version") + 1)
    for row in away:
        row.version += 1
    items = inbox.view(away)
    unread = count.after(inbox, [], items)
    outbox.publish_many(
        publications.for_older(
            publications.marked(user.pk, row, item, "created", unread), None if in_inbox(item) else "deleted"
        )
        for row, item in zip(away, items, strict=True)
    )
    return len(away)
