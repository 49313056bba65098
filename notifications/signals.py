"""What follows a change by itself: its publication, and where new accounts and members start to read.

The handlers run in the transaction of the change.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.db.models.signals import m2m_changed, post_delete, post_save

from notifications import publications
from notifications.models import GroupFloor, Notification, ReadMark
from realtime import outbox
from realtime.models import Publication, Stream


def connect() -> None:
    """Connect every handler. Safe to call twice."""
    user = get_user_model()
    post_save.connect(_saved, Notification, dispatch_uid="notifications.saved")
    post_delete.connect(_deleted, Notification, dispatch_uid="notifications.deleted")
    post_save.connect(_account, user, dispatch_uid="notifications.account")
    m2m_changed.connect(_members, user.groups.through, dispatch_uid="notifications.members")


def end_of_stream() -> int:
    """Return the offset that everything published so far has, or will have once it is numbered.

    One statement: between two, a relayer could number what the second one then no longer counts.
    """
    pending = Publication.objects.filter(stream=OuterRef("name"), offset__isnull=True).order_by()
    counted = pending.values("stream").annotate(number=Count("pk")).values("number")
    row = Stream.objects.filter(name=publications.STREAM).annotate(pending=Coalesce(Subquery(counted), 0)).first()
    return row.head + row.pending if row else 0


def _saved(instance: Notification, created: bool, **_: Any) -> None:
    row = Notification.objects.get(pk=instance.pk)  # The truth, also after F() expressions and partial updates.
    if row.deliver_at is not None:
        return  # Nobody has been told of it.
    if row.deleted_at is not None:
        outbox.publish(publications.deleted(row))
    elif created or instance.delivered_now:
        outbox.publish(publications.opened(row))
    elif row.opened_version == row.version:
        outbox.publish(publications.opened(row, "updated"))
    else:
        outbox.publish(publications.changed(row))


def _deleted(instance: Notification, **_: Any) -> None:
    if instance.deleted_at is None and instance.deliver_at is None:  # Else there is nothing that anyone still has.
        instance.version += 1
        outbox.publish(publications.deleted(instance))


def _account(instance: Any, created: bool, raw: bool = False, **_: Any) -> None:
    """Let a new account start with everything so far as read."""
    if created and not raw:
        ReadMark.objects.get_or_create(user=instance, defaults={"offset": end_of_stream()})


def _members(instance: Any, action: str, reverse: bool, pk_set: Collection[int] | None, **_: Any) -> None:
    """Let a new member of a user group start with the group's notifications so far as read."""
    if action != "post_add" or not pk_set:
        return
    pairs = [(pk, instance.pk) if reverse else (instance.pk, pk) for pk in pk_set]
    offset = end_of_stream()
    GroupFloor.objects.bulk_create(
        [GroupFloor(user_id=user, group_id=group, offset=offset) for user, group in pairs],
        update_conflicts=True,
        unique_fields=["user", "group"],
        update_fields=["offset"],
    )
