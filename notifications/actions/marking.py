"""What one user does with notifications: read, unread, all read, dismiss. Only that user's clients hear of it."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from notifications import publications
from notifications.inbox import Inbox
from notifications.models import Notification, Opening, ReadMark, Receipt
from realtime import outbox
from realtime.models import Stream

LEGACY: Final = 100
"""Notifications that clients which do not know `read_through` are told of one by one."""


@dataclass(frozen=True, slots=True)
class AllRead:
    """What mark-all-read did: how many it changed, up to which offset, and how many are unread now."""

    count: int
    up_to: int
    unread_count: int


def mark_read(user: AbstractBaseUser, pk: uuid.UUID, *, version: int | None = None) -> dict[str, Any]:
    """Mark a notification as read for *user* and return it as they see it now.

    *version* is the one that was seen: what was re-opened since stays unread. None stands for the present one.

    Raises: Notification.DoesNotExist, also for what *user* may not see.
    """
    with transaction.atomic():
        inbox, row = _hold(user, pk)
        item, seen = inbox.view([row])[0], min(version or row.version, row.version)
        if item["read"] or seen < row.opened_version:
            return item
        receipt = _receipt(user, row)
        receipt.read_version, receipt.unread_version = seen, 0
        receipt.save()
        return _publish(user, inbox, row)


def mark_unread(user: AbstractBaseUser, pk: uuid.UUID) -> dict[str, Any]:
    """Mark a notification as unread for *user* and return it as they see it now.

    Raises: Notification.DoesNotExist, also for what *user* may not see.
    """
    with transaction.atomic():
        inbox, row = _hold(user, pk)
        item = inbox.view([row])[0]
        if not item["read"]:
            return item
        receipt = _receipt(user, row)
        receipt.read_version, receipt.unread_version = 0, row.version
        receipt.save()
        return _publish(user, inbox, row)


def mark_all_read(user: AbstractBaseUser, *, up_to: int | None = None) -> AllRead:
    """Mark what was opened up to the offset *up_to* as read for *user*; without it, all that has an offset.

    It writes one row. What is still pending nobody has seen yet: it stays unread.

    Raises: ValidationError, when *up_to* is beyond the stream's head.
    """
    with transaction.atomic():
        head = Stream.objects.filter(name=publications.STREAM).values_list("head", flat=True).first() or 0
        up_to = head if up_to is None else up_to
        if not 0 <= up_to <= head:
            text = f"It must be an offset from 0 to {head}, the newest there is."
            raise ValidationError({"up_to": ValidationError(text, code="out_of_range")})
        before = Inbox(user)
        unread, shown = before.unread_count(), before.page(LEGACY, unread_only=True).items
        _move_mark(user, up_to)
        left = before.unread_count()
        changed = [{**item, "read": True} for item in shown if item["offset"] is not None and item["offset"] <= up_to]
        if unread != left:
            outbox.publish(publications.read_through(user.pk, up_to, left, changed))
    return AllRead(unread - left, up_to, left)


def dismiss(user: AbstractBaseUser, pk: uuid.UUID) -> None:
    """Take a notification out of *user*'s own list, until it is opened again.

    Raises: Notification.DoesNotExist, also for what *user* may not see.
    """
    with transaction.atomic():
        inbox, row = _hold(user, pk)
        receipt = _receipt(user, row)
        receipt.dismissed_version = row.version
        receipt.save()
        _publish(user, inbox, row, "deleted")


def _hold(user: AbstractBaseUser, pk: uuid.UUID) -> tuple[Inbox, Notification]:
    """Return what *user* sees under *pk*, kept from changing until the transaction ends.

    Else a change could be published between the reading of its version and this mark. The lock is shared, so that
    many users mark the same notification at once; SQLite has one writer at a time anyway.
    """
    inbox = Inbox(user)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM notifications_notification WHERE id = %s FOR SHARE", [pk])
    return inbox, inbox.visible().get(pk=pk)


def _receipt(user: AbstractBaseUser, row: Notification) -> Receipt:
    receipt, _ = Receipt.objects.select_for_update().get_or_create(user_id=user.pk, notification=row)
    return receipt


def _publish(
    user: AbstractBaseUser, inbox: Inbox, row: Notification, action: publications.Action = "updated"
) -> dict[str, Any]:
    item = inbox.view([row])[0]
    outbox.publish(publications.marked(user.pk, row, item, action, inbox.unread_count()))
    return item


def _move_mark(user: AbstractBaseUser, up_to: int) -> None:
    mark, _ = ReadMark.objects.select_for_update().get_or_create(user_id=user.pk)
    if mark.offset < up_to:
        mark.offset = up_to
        mark.save()
    kept = Receipt.objects.filter(user_id=user.pk, unread_version__gt=0)
    covered = Opening.objects.filter(offset__lte=up_to, notification_id__in=kept.values("notification_id"))
    kept.filter(notification_id__in=covered.values("notification_id")).update(unread_version=0)
