"""Read, unread and delete for many notifications: a few queries and one wake-up for each 500 of them."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.contrib.auth.models import AbstractUser
from django.db import connection, transaction

from notifications import publications
from notifications.actions.removing import DELETE, delete_for_everyone
from notifications.inbox import Inbox
from notifications.models import Notification, Receipt
from realtime import outbox

CHUNK: Final = 500
"""Notifications in one transaction, so that other writers get their turn."""

Chunk = Callable[[AbstractUser, Sequence[uuid.UUID]], tuple[list[uuid.UUID], int]]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: how many it changed, and which ids the user sees nothing under."""

    count: int
    missing: list[uuid.UUID]


class Held(NamedTuple):
    """What a user sees of what was named, oldest first, kept from changing until the transaction ends."""

    inbox: Inbox
    rows: list[Notification]

    def those(self, *, read: bool) -> list[Notification]:
        """Return the rows that are *read*, or are not."""
        return [row for row, item in zip(self.rows, self.inbox.view(self.rows), strict=True) if item["read"] is read]


def mark_many_read(user: AbstractUser, pks: Iterable[uuid.UUID]) -> Done:
    """Mark notifications as read for *user*, in the versions that they have now.

    Each 500 are committed by themselves.
    """
    return _each(user, pks, _read)


def mark_many_unread(user: AbstractUser, pks: Iterable[uuid.UUID]) -> Done:
    """Mark notifications as unread for *user*. Each 500 are committed by themselves."""
    return _each(user, pks, _unread)


def delete_many(user: AbstractUser, pks: Iterable[uuid.UUID]) -> Done:
    """Delete notifications for everyone, where *user* has the delete permission; else dismiss them for them alone.

    Each 500 are committed by themselves.
    """
    return _each(user, pks, _delete if user.has_perm(DELETE) else _dismiss)


def _each(user: AbstractUser, pks: Iterable[uuid.UUID], work: Chunk) -> Done:
    wanted, there, count = list(dict.fromkeys(pks)), set[uuid.UUID](), 0
    for at in range(0, len(wanted), CHUNK):
        with transaction.atomic():
            found, changed = work(user, wanted[at : at + CHUNK])
        there.update(found)
        count += changed
    return Done(count, [pk for pk in wanted if pk not in there])


def _read(user: AbstractUser, pks: Sequence[uuid.UUID]) -> tuple[list[uuid.UUID], int]:
    held = _hold(user, pks)
    unread = held.those(read=False)
    return _left(user, held, unread, lambda row: {"read_version": row.version, "unread_version": 0})


def _unread(user: AbstractUser, pks: Sequence[uuid.UUID]) -> tuple[list[uuid.UUID], int]:
    held = _hold(user, pks)
    read = held.those(read=True)
    return _left(user, held, read, lambda row: {"read_version": 0, "unread_version": row.version})


def _dismiss(user: AbstractUser, pks: Sequence[uuid.UUID]) -> tuple[list[uuid.UUID], int]:
    held = _hold(user, pks)
    return _left(user, held, held.rows, lambda row: {"dismissed_version": row.version}, "deleted")


def _delete(user: AbstractUser, pks: Sequence[uuid.UUID]) -> tuple[list[uuid.UUID], int]:
    found = list(Inbox(user).visible().filter(pk__in=pks).values_list("pk", flat=True))
    return found, delete_for_everyone(found)


def _hold(user: AbstractUser, pks: Sequence[uuid.UUID]) -> Held:
    """Return what *user* sees of *pks*, locked as `marking.mark_read` does.

    In the order of their ids, so that two such requests do not wait in a circle.
    """
    inbox = Inbox(user)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM notifications_notification WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(pks)]
            )
    return Held(inbox, list(inbox.visible().filter(pk__in=pks).order_by("created_at", "id")))


def _left(
    user: AbstractUser,
    held: Held,
    changed: Sequence[Notification],
    marks: Callable[[Notification], Mapping[str, int]],
    action: publications.Action = "updated",
) -> tuple[list[uuid.UUID], int]:
    """Leave *marks* on those that are to be *changed*, and tell the user's clients of them."""
    if changed:
        receipts = [Receipt(user_id=user.pk, notification=row, **marks(row)) for row in changed]
        Receipt.objects.bulk_create(
            receipts,
            update_conflicts=True,
            unique_fields=["user", "notification"],
            update_fields=[*marks(changed[0]), "updated_at"],
        )
        unread = held.inbox.unread_count()
        outbox.publish_many(
            publications.marked(user.pk, row, item, action, unread)
            for row, item in zip(changed, held.inbox.view(changed), strict=True)
        )
    return [row.pk for row in held.rows], len(changed)
