"""What one user does with many notifications: a few queries and one wake-up for each 500 of them.

Each function has a `Mark` that says what it writes; one notification is many of which there is one.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction

from notifications import publications
from notifications.inbox import Inbox
from notifications.models import Notification, Receipt
from notifications.recent import Note, notes_of
from realtime import outbox

CHUNK: Final = 500
"""Notifications in one transaction, so that other writers get their turn."""

Item = Mapping[str, Any]
Chunk = Callable[[Sequence[uuid.UUID], "Count"], tuple[list[uuid.UUID], int]]
"""Changes some of what it is given; returns what is there, and how many it changed."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: how many it changed, and which ids the user sees nothing under."""

    count: int
    missing: list[uuid.UUID]


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that a user does: to which of what they see, and what it leaves on the receipt.

    *action* is what the user's clients are told.
    """

    concerns: Callable[[Item, Notification], bool]
    fields: Callable[[Notification], Mapping[str, Any]]
    action: publications.Action = "updated"


@dataclass(slots=True)
class Count:
    """A user's unread count while they change many: counted at first and at last, else by what each chunk changed.

    Counting anew for each chunk costs what is unread each time: 9,000 took 18 counts of thousands. The `last` chunk is
    counted, since clients keep what it says, and others' notifications may have come between the chunks.
    """

    unread: int | None = field(default=None)
    last: bool = False

    def after(self, inbox: Inbox, before: Sequence[Item], after: Sequence[Item]) -> int:
        """Return the count, given what was changed from *before* to *after* in the present transaction."""
        if self.unread is None or self.last:
            self.unread = inbox.unread_count()
        else:
            self.unread += sum(map(is_unread, after)) - sum(map(is_unread, before))
        return self.unread


class Held(NamedTuple):
    """What a user sees of what was named, oldest first, kept from changing until the transaction ends."""

    inbox: Inbox
    rows: list[Notification]
    notes: list[Note]
    items: Sequence[Item]


def in_inbox(item: Item) -> bool:
    """Return whether an item that the user sees is in their inbox."""
    return not item["archived"] and item["snoozed_until"] is None


def is_unread(item: Item) -> bool:
    """Return whether an item counts as unread."""
    return not item["read"] and in_inbox(item)


def moved(before: Item, after: Item) -> publications.Action | None:
    """Return what clients are told that know of no place but the inbox; None for what they are told anyway."""
    was, is_there = in_inbox(before), in_inbox(after)
    if was is is_there:
        return None if is_there else "deleted"
    return "created" if is_there else "deleted"


READ: Final = Mark(lambda item, row: not item["read"], lambda row: {"read_version": row.version, "unread_version": 0})
UNREAD: Final = Mark(lambda item, row: item["read"], lambda row: {"read_version": 0, "unread_version": row.version})
DISMISS: Final = Mark(lambda item, row: True, lambda row: {"dismissed_version": row.version}, "deleted")


def mark_many_read(user: AbstractBaseUser, pks: Iterable[uuid.UUID]) -> Done:
    """Mark notifications as read for *user*, in the versions that they have now.

    Each 500 are committed by themselves.
    """
    return each(pks, marking(user, READ))


def mark_many_unread(user: AbstractBaseUser, pks: Iterable[uuid.UUID]) -> Done:
    """Mark notifications as unread for *user*. Each 500 are committed by themselves."""
    return each(pks, marking(user, UNREAD))


def each(pks: Iterable[uuid.UUID], work: Chunk) -> Done:
    """Do *work* to *pks*, each 500 of them in a transaction of their own."""
    wanted, there, changed, count = list(dict.fromkeys(pks)), set[uuid.UUID](), 0, Count()
    for at in range(0, len(wanted), CHUNK):
        count.last = at + CHUNK >= len(wanted)
        with transaction.atomic():
            found, number = work(wanted[at : at + CHUNK], count)
        there.update(found)
        changed += number
    return Done(changed, [pk for pk in wanted if pk not in there])


def one(user: AbstractBaseUser, pk: uuid.UUID, mark: Mark, version: int | None = None) -> dict[str, Any]:
    """Leave *mark* on one notification and return it as *user* sees it now.

    *version* is the one that was seen: on what was opened again since nothing is left.

    Raises: Notification.DoesNotExist, also for what *user* may not see.
    """
    with transaction.atomic():
        held = hold(user, [pk])
        if not held.rows:
            raise Notification.DoesNotExist
        outdated = version is not None and version < held.rows[0].opened_version
        changed = [] if outdated else leave(user, held, mark, Count())
        return dict((changed or held.items)[0])


def marking(user: AbstractBaseUser, mark: Mark) -> Chunk:
    """Return what leaves *user*'s *mark* on a chunk."""

    def work(pks: Sequence[uuid.UUID], count: Count) -> tuple[list[uuid.UUID], int]:
        held = hold(user, pks)
        return [row.pk for row in held.rows], len(leave(user, held, mark, count))

    return work


def hold(user: AbstractBaseUser, pks: Sequence[uuid.UUID]) -> Held:
    """Return what *user* sees of *pks*, kept from changing until the transaction ends.

    Else a change could be published between the reading of its version and this mark.
    """
    inbox = Inbox(user)
    share(pks)
    rows = list(inbox.visible().filter(pk__in=pks).order_by("created_at", "id"))
    notes = notes_of(rows)
    return Held(inbox, rows, notes, inbox.seen(notes))


def share(pks: Iterable[uuid.UUID]) -> None:
    """Lock notifications until the transaction ends, so that nobody changes them and others may still mark them.

    In the order of the ids, so that two who do so do not wait in a circle. SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM notifications_notification WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(set(pks))]
            )


def leave(user: AbstractBaseUser, held: Held, mark: Mark, count: Count) -> Sequence[Item]:
    """Leave *mark* on those of *held* that it concerns, and tell the user's clients of them; return these as seen."""
    every = zip(held.rows, held.notes, held.items, strict=True)
    changed = [(row, note, item) for row, note, item in every if mark.concerns(item, row)]
    if not changed:
        return []
    rows, before = [row for row, _, _ in changed], [item for _, _, item in changed]
    Receipt.objects.bulk_create(
        [Receipt(user_id=user.pk, notification=row, **mark.fields(row)) for row in rows],
        update_conflicts=True,
        unique_fields=["user", "notification"],
        update_fields=[*mark.fields(rows[0]), "updated_at"],
    )
    after = held.inbox.seen([note for _, note, _ in changed])
    unread = count.after(held.inbox, before, [] if mark.action == "deleted" else after)
    outbox.publish_many(
        publications.for_older(publications.marked(user.pk, row, new, mark.action, unread), moved(old, new))
        for row, old, new in zip(rows, before, after, strict=True)
    )
    return after
