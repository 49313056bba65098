"""A user's list in which notifications with the same key are one entry: the newest of them, and how many there are."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Count, Max, Q, QuerySet

from notifications.filters import Filter
from notifications.inbox import Inbox, Page, cursor_at, place_of
from notifications.models import Notification
from notifications.unread import unread_ids

STRIDE: Final = 1_000
"""Rows looked at in one step at most; the first looks at a page's, each further one at twice as many."""
EXCLUDED: Final = 1_000
"""Keys that a step leaves out at most; of more, it looks at each row."""


class Spot(NamedTuple):
    """Where a row stands; sorted as the list is, the oldest first."""

    created_at: datetime
    pk: uuid.UUID


class Group(NamedTuple):
    """What a user sees of the notifications with one key."""

    newest: Spot
    size: int


class GroupedInbox(Inbox):
    """One user's entries. Each item has `group_count` and `group_unread`, of what the filter asks for."""

    def page(
        self, limit: int, *, cursor: str | None = None, unread_only: bool = False, wanted: Filter | None = None
    ) -> Page:
        """Return at most *limit* entries from *cursor* on. An entry stands where its newest notification does.

        The cursors are those of the plain list. Raises: InvalidCursor.
        """
        place = place_of(self._user, cursor) if cursor else None
        filters = wanted or Filter(read=False if unread_only else None)
        back = place is not None and place.back
        walk = _Walk(self, filters, place.beyond() if place else Q(), back=back)
        spots = walk.spots(limit + 1)
        more, spots = len(spots) > limit, spots[:limit]
        if back:
            spots.reverse()
        later, earlier = bool(spots) and (more or back), bool(spots) and (more if back else place is not None)
        return Page(
            self._entries(spots, walk),
            cursor_at(self._user, *spots[-1]) if later else None,
            cursor_at(self._user, *spots[0], back=True) if earlier else None,
        )

    def asked(self, filters: Filter) -> QuerySet[Notification]:
        """Return what *filters* ask for of what the user sees."""
        return self.visible().filter(filters.condition(self._user.pk)).order_by()

    def unread_of(self, keys: Collection[str], filters: Filter) -> Mapping[str, int]:
        """Return how many of each of *keys* are unread."""
        unread = unread_ids(self._user.pk, anywhere=not filters.of_inbox)
        rows = self.asked(filters).filter(group_key__in=keys, pk__in=unread)
        return dict(rows.values_list("group_key").annotate(count=Count("pk")))

    def _entries(self, spots: Iterable[Spot], walk: "_Walk") -> list[dict[str, Any]]:
        rows = Notification.objects.in_bulk([spot.pk for spot in spots])
        items = self.view([rows[spot.pk] for spot in spots if spot.pk in rows])
        keys = {item["group_key"] for item in items} - {None}
        unread = self.unread_of(keys, walk.filters) if keys else {}
        return [_entry(item, walk.groups, unread) for item in items]


class _Walk:
    """A walk over a user's rows from a place on, which knows of each key that it met where its newest one is."""

    def __init__(self, inbox: GroupedInbox, filters: Filter, beyond: Q, *, back: bool) -> None:
        self.inbox, self.filters, self.beyond, self.back = inbox, filters, beyond, back
        self.groups: dict[str, Group] = {}

    def spots(self, wanted: int) -> list[Spot]:
        """Return where the next *wanted* entries stand, the nearest first."""
        alone: list[Spot] = []
        heads: list[Spot] = []
        beyond, stride = self.beyond, wanted
        while True:
            rows = self.inbox.stretch(self.filters, beyond & self._unknown(), stride, back=self.back)
            heads += self._meet({key for _, _, key in rows if key is not None})
            alone += [Spot(moment, pk) for moment, pk, key in rows if key is None]
            found = sorted({*alone, *heads}, reverse=not self.back)
            if len(rows) < stride:
                return found[:wanted]
            reached = Spot(*rows[-1][:2])
            near = [spot for spot in found if (spot <= reached if self.back else spot >= reached)]
            if len(near) >= wanted:
                return near[:wanted]
            beyond, stride = self.beyond & _past(reached, back=self.back), min(2 * stride, STRIDE)

    def _unknown(self) -> Q:
        """Return the condition that leaves out what has a key which is known already: a storm is not walked through."""
        known = list(self.groups)[-EXCLUDED:]
        return Q(group_key=None) | ~Q(group_key__in=known) if known else Q()

    def _meet(self, keys: Collection[str]) -> list[Spot]:
        """Return where the entries of *keys* stand, so far as that is where the walk leads."""
        new = set(keys) - self.groups.keys()
        if not new:
            return []
        rows = self.inbox.asked(self.filters).filter(group_key__in=new)
        sizes = rows.values_list("group_key").annotate(newest=Max("created_at"), count=Count("pk"))
        found: dict[str | None, tuple[datetime, int]] = {key: (newest, count) for key, newest, count in sizes}
        times = {newest for newest, _ in found.values()}
        places = rows.filter(created_at__in=times).values_list("group_key", "created_at", "pk")
        for key, moment, pk in sorted(places):
            if key and moment == found[key][0]:  # The last one, of several at the same time.
                self.groups[key] = Group(Spot(moment, pk), found[key][1])
        spots = [self.groups[key].newest for key in new if key in self.groups]
        ahead = set(rows.filter(self.beyond, pk__in=[spot.pk for spot in spots]).values_list("pk", flat=True))
        return [spot for spot in spots if spot.pk in ahead]


def _past(spot: Spot, *, back: bool) -> Q:
    if back:
        return Q(created_at__gte=spot.created_at) & (Q(created_at__gt=spot.created_at) | Q(pk__gt=spot.pk))
    return Q(created_at__lte=spot.created_at) & (Q(created_at__lt=spot.created_at) | Q(pk__lt=spot.pk))


def _entry(item: dict[str, Any], groups: Mapping[str, Group], unread: Mapping[str, int]) -> dict[str, Any]:
    key: str | None = item["group_key"]
    if key is None or key not in groups:
        return {**item, "group_count": 1, "group_unread": int(not item["read"])}
    return {**item, "group_count": groups[key].size, "group_unread": unread.get(key, 0)}
