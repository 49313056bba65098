"""Which of their notifications a user asks for, as one condition of the database."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from notifications.unread import unread_ids

SEARCHED = ("title", "message", "related_entity")
"""Where words are looked for. A sensitive notification has neutral words in them, so what it says is not found."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What all of a user's asked-for notifications have in common; an empty part asks for nothing.

    Each of `words` has to be found, in whatever letters: SQLite knows that of ASCII's alone. The span of time begins
    with `since` and ends before `until`.
    """

    levels: Collection[str] = ()
    categories: Collection[str] = ()
    entities: Collection[str] = ()
    groups: Collection[str] = ()
    read: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: Collection[str] = ()

    def unread(self) -> "Filter":
        """Return the filter that asks for what is unread of this."""
        return replace(self, read=False)

    def condition(self, user_id: int) -> Q:
        """Return the condition that a notification which *user_id* may see has to meet."""
        parts = {
            "level__in": self.levels,
            "category__in": self.categories,
            "related_entity__in": self.entities,
            "group_key__in": self.groups,
            "created_at__gte": self.since,
            "created_at__lt": self.until,
        }
        found = Q(**{name: value for name, value in parts.items() if value})
        for word in self.words:
            anywhere = Q()
            for column in SEARCHED:
                anywhere |= Q(**{f"{column}__icontains": word})
            found &= anywhere
        if self.read is not None:
            unread = Q(pk__in=unread_ids(user_id))
            found &= ~unread if self.read else unread
        return found
