"""What users did with notifications: looked up for one of them or for hundreds with the same few queries."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, F

from notifications.models import LIVE, GroupFloor, ReadMark, Receipt
from notifications.recent import Note
from notifications.representation import time
from realtime import audience
from realtime.memberships import groups_of
from realtime.ready import Ready

IDS = 500
"""Notifications named in one query."""


class Readers:
    """Some users, the audiences that they are in, and their marks. Reads only; remembers what it has read.

    One query for each of *users* whose groups were not prefetched.
    """

    def __init__(self, users: Sequence[AbstractBaseUser]) -> None:
        self._groups = {
            user.pk: {audience.for_group(group.pk): group.pk for group in groups_of(user)} for user in users
        }

    def audiences(self, user_id: Any) -> frozenset[str]:
        """Return the audiences that a user belongs to."""
        return frozenset({audience.EVERYONE, audience.for_user(user_id), *self._groups[user_id]})

    def every_audience(self) -> frozenset[str]:
        """Return the audiences that any of the users belongs to."""
        return frozenset().union(*(self.audiences(user_id) for user_id in self._groups))

    def receipts(self, ids: Collection[UUID]) -> Mapping[tuple[Any, UUID], Receipt]:
        """Return what each user did with the notifications *ids*; each receipt has that one's `version`, too."""
        wanted, found = sorted(ids), {}
        for at in range(0, len(wanted), IDS):
            rows = Receipt.objects.filter(user_id__in=self._groups, notification__in=wanted[at : at + IDS])
            for row in rows.annotate(version=F("notification__version")):
                found[row.user_id, row.notification_id] = row
        return found

    def away(self) -> Mapping[Any, int]:
        """Return how many each user dismissed, archived or snoozed of what would be in their inbox else."""
        rows = Receipt.objects.filter(
            user_id__in=self._groups,
            away_version__gt=0,
            away_version__gte=F("notification__opened_version"),
            **{f"notification__{name}": value for name, value in LIVE.items()},
        ).values_list("user_id", "notification__audience")
        found = dict.fromkeys(self._groups, 0)
        for user_id, name, count in rows.annotate(count=Count("pk")):
            if name in self.audiences(user_id):
                found[user_id] += count
        return found

    def item(self, user_id: Any, note: Note, receipt: Any) -> Ready:
        """Return *note* as a user sees it who left *receipt* on it, or none."""
        if receipt is None:
            return note.seen(self.mark(user_id, note.audience) if note.offset is not None else 0)
        read = receipt.read_version >= note.opened_version
        if not read and receipt.unread_version < note.opened_version:
            read = note.is_read_at(self.mark(user_id, note.audience))
        snoozed = receipt.snoozed_version >= note.opened_version and receipt.snoozed_until is not None
        return Ready(
            note.shown,
            read=read,
            archived=receipt.archived_version >= note.opened_version,
            saved=receipt.saved,
            snoozed_until=time(receipt.snoozed_until) if snoozed else None,
            offset=note.offset,
            version=receipt.version,  # Undoing a dismissal moves it on, which only that user is told.
        )

    def mark(self, user_id: Any, name: str) -> int:
        """Return up to which offset a user has read an audience."""
        own, group = self._marks.get(user_id, 0), self._groups[user_id].get(name)
        return own if group is None else max(own, self._floors.get((user_id, group), 0))

    @cached_property
    def _marks(self) -> Mapping[Any, int]:
        return dict(ReadMark.objects.filter(pk__in=self._groups).values_list("pk", "offset"))

    @cached_property
    def _floors(self) -> Mapping[tuple[Any, Any], int]:
        rows = GroupFloor.objects.filter(user_id__in=self._groups).values_list("user_id", "group_id", "offset")
        return {(user_id, group): offset for user_id, group, offset in rows}
