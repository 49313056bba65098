"""Delete, restore, expire and prune."""

import uuid
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from notifications import publications
from notifications.actions.marking import dismiss
from notifications.actions.writing import live, require_version
from notifications.inbox import Inbox
from notifications.models import Notification, Receipt
from notifications.secrecy import Unreadable
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


def delete_for_everyone(pks: Iterable[uuid.UUID]) -> int:
    """Delete notifications for everyone, whoever asks; return how many. They stay restorable for 30 days."""
    wanted = list(pks)
    starts = range(0, len(wanted), BATCH)
    with transaction.atomic():
        return sum(_remove(Notification.objects.filter(pk__in=wanted[at : at + BATCH])) for at in starts)


def clear(dedup_key: str, *, audience: str = EVERYONE) -> bool:
    """Delete the live notification with *dedup_key* for its whole audience; return whether there was one."""
    with transaction.atomic():
        held = live(audience, dedup_key)
        return held is not None and _remove(Notification.objects.filter(pk=held.pk)) > 0


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
        receipt = Receipt.objects.select_for_update().filter(user_id=user.pk, notification=row).first()
        if receipt is not None and receipt.dismissed_version >= row.opened_version:
            return _take_back(user, inbox, row, receipt)
        return inbox.view([row])[0]


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
        return _remove(Notification.objects.filter(pk__in=pks))


def prune(age: timedelta = RETENTION) -> int:
    """Delete up to 500 rows for good that nothing changed for *age*; return how many. Call it until it returns 0."""
    old = Notification.objects.filter(updated_at__lt=timezone.now() - age).order_by("updated_at")
    if not old.exists():
        return 0
    with transaction.atomic():
        pks = list(old.values_list("pk", flat=True)[:BATCH])
        rows = Notification.objects.filter(pk__in=pks).select_for_update()
        list(rows.values_list("pk"))
        _, deleted = rows.delete()
    return deleted.get(Notification._meta.label, 0)


def _remove(rows: QuerySet[Notification]) -> int:
    """Delete the live ones of *rows* softly, with one update and one insert of publications."""
    held = list(rows.select_for_update().filter(deleted_at=None))
    pks = [row.pk for row in held]
    now = timezone.now()
    Notification.objects.filter(pk__in=pks).update(version=F("version") + 1, deleted_at=now, updated_at=now)
    for row in held:
        row.version, row.deleted_at, row.updated_at = row.version + 1, now, now
    outbox.publish_many(publications.deleted(row) for row in held)
    return len(held)


def _reopen(row: Notification) -> None:
    """Bring *row* back as if it were created now: clients that deleted it take only what opens a newer version.

    A key that another one has taken meanwhile, and an expiry that has passed, are given up.
    """
    if row.dedup_key is not None and _is_taken(row, row.dedup_key):
        row.dedup_key = None
    if row.expires_at is not None and row.expires_at <= timezone.now():
        row.expires_at = None
    row.version = row.opened_version = row.version + 1
    row.deleted_at, row.updated_at = None, timezone.now()
    fields = ("dedup_key", "expires_at", "version", "opened_version", "deleted_at", "updated_at")
    Notification.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in fields})
    outbox.publish(publications.opened(row))


def _is_taken(row: Notification, stored: str) -> bool:
    """Return whether a live one has *row*'s key; where the key cannot be read, only its stored form can be compared."""
    try:
        key = row.text()["dedup_key"] if row.sensitive else stored
    except Unreadable:
        key = stored
    return live(row.audience, key) is not None


def _take_back(user: AbstractUser, inbox: Inbox, row: Notification, receipt: Receipt) -> dict[str, Any]:
    """Undo a dismissal. The version moves on, since the user's clients hold a tombstone with the present one."""
    receipt.dismissed_version = 0
    if receipt.read_version >= row.opened_version:
        receipt.read_version = row.version + 1
    receipt.save()
    row.version += 1
    Notification.objects.filter(pk=row.pk).update(version=row.version)
    item = inbox.view([row])[0]
    outbox.publish(publications.marked(user.pk, row, item, "created", inbox.unread_count()))
    return item
