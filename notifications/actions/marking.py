"""What one user does with notifications: read, unread, all read, dismiss. Only that user's clients hear of it."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from notifications import publications
from notifications.actions.many import CHUNK, DISMISS, READ, UNREAD, one
from notifications.filters import Filter
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
    return one(user, pk, READ, version)


def mark_unread(user: AbstractBaseUser, pk: uuid.UUID) -> dict[str, Any]:
    """Mark a notification as unread for *user* and return it as they see it now.

    Raises: Notification.DoesNotExist, also for what *user* may not see.
    """
    return one(user, pk, UNREAD)


def mark_all_read(user: AbstractBaseUser, *, up_to: int | None = None) -> AllRead:
    """Mark what was opened up to the offset *up_to* as read for *user*; without it, all that has an offset.

    It writes one row, and no more than what is snoozed. What is still pending nobody has seen yet: it stays unread. So
    does what is snoozed, since it is to come back as unread; what is archived is read with the rest.

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
    one(user, pk, DISMISS)


def _move_mark(user: AbstractBaseUser, up_to: int) -> None:
    """Move the mark, past what *user* snoozed: that keeps its own, and comes back as it was, or unread in its time."""
    mark, _ = ReadMark.objects.select_for_update().get_or_create(user_id=user.pk)
    _keep_snoozed(user)
    if mark.offset < up_to:
        mark.offset = up_to
        mark.save()
    kept = Receipt.objects.filter(user_id=user.pk, unread_version__gt=0).exclude(
        snoozed_version__gt=0, snoozed_version__gte=F("notification__opened_version")
    )
    covered = Opening.objects.filter(offset__lte=up_to, notification_id__in=kept.values("notification_id"))
    kept.filter(notification_id__in=covered.values("notification_id")).update(unread_version=0)


def _keep_snoozed(user: AbstractBaseUser) -> None:
    """Mark what is snoozed and unread as unread by itself, so that the mark does not read it."""
    pks = Inbox(user).ids(Filter(read=False, snoozed=True))
    version = Notification.objects.filter(pk=OuterRef("notification_id")).values("version")
    for at in range(0, len(pks), CHUNK):
        Receipt.objects.filter(user_id=user.pk, notification_id__in=pks[at : at + CHUNK]).update(
            unread_version=Subquery(version)
        )
