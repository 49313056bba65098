"""What users see when they connect: for one of them or for all who come back at once, with the same few queries."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from notifications.inbox import Inbox, Page, cursor_at
from notifications.readers import Readers
from notifications.recent import SPARE, Note, Recent, recent
from notifications.unread import unread_counts
from realtime.ready import Items
from realtime.snapshots import Start


def states(users: Sequence[AbstractBaseUser], limit: int, start: Start) -> Mapping[Any, dict[str, Any]]:
    """Return the newest *limit* notifications and the counts of each user, by the user's id, at *start*.

    The same as `state_of`, made of what is kept of each audience. Call it inside the consistent read that *start* was
    taken in.
    """
    readers = Readers(users)
    parts = recent(limit).of(start, readers.every_audience())
    notes = {user.pk: _candidates(readers, parts, user.pk, limit) for user in users}
    receipts = readers.receipts({note.id for found, _ in notes.values() for note in found})
    active = {user_id for user_id, _ in receipts}
    away, unread = readers.away(), unread_counts([user.pk for user in users])
    found: dict[Any, dict[str, Any]] = {}
    alike: dict[frozenset[tuple[str, int]], Items] = {}
    for user in users:
        candidates, all_there = notes[user.pk]
        own = receipts if user.pk in active else {}
        kept = [note for note in candidates if not _is_away(own.get((user.pk, note.id)), note)] if own else candidates
        if all_there or len(kept) > limit:
            if own:
                items = Items(readers.item(user.pk, note, own.get((user.pk, note.id))) for note in kept[:limit])
            else:
                marks = {name: readers.mark(user.pk, name) for name in readers.audiences(user.pk) if parts[name].notes}
                same = frozenset(marks.items())  # Whose audiences are the same, and read as far, see the same.
                items = alike.get(same) or Items(note.seen(marks[note.audience]) for note in kept[:limit])
                alike[same] = items
            page = Page(items, cursor_at(user, *kept[limit - 1].place) if len(kept) > limit else None)
        else:  # The user put so many away that what is kept does not reach.
            page = Inbox(user).page(limit)
        total = sum(parts[name].total for name in readers.audiences(user.pk)) - away[user.pk]
        found[user.pk] = _state(page, unread[user.pk], total)
    return found


def state_of(user: AbstractBaseUser, limit: int) -> dict[str, Any]:
    """Return what `states` does, read anew."""
    inbox = Inbox(user)
    return _state(inbox.page(limit), inbox.unread_count(), inbox.total_count())


def _candidates(readers: Readers, parts: Mapping[str, Recent], user_id: Any, limit: int) -> tuple[list[Note], bool]:
    """Return a user's newest notes, those put away among them, as far as all audiences reach; and if these are all."""
    own = [part for name in readers.audiences(user_id) if (part := parts[name]).notes]
    ends = [part.notes[-1].place for part in own if not part.complete]
    notes = [note for part in own for note in part.notes if not ends or note.place >= max(ends)]
    if len(own) > 1:
        notes.sort(key=lambda note: note.place, reverse=True)
    return notes[: limit + SPARE + 1], not ends and len(notes) <= limit + SPARE + 1


def _is_away(receipt: Any, note: Note) -> bool:
    return receipt is not None and receipt.away_version >= note.opened_version


def _state(page: Page, unread: int, total: int) -> dict[str, Any]:
    return {"notifications": page.items, "unread_count": unread, "total_count": total, "next": page.next}
