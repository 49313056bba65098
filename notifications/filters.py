"""Which of their notifications a user asks for, as one condition of the database."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from notifications.models import Receipt
from notifications.unread import unread_ids

SEARCHED = ("title", "message", "related_entity")
"""Where words are looked for. A sensitive notification has neutral words in them, so what it says is not found."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What all of a user's asked-for notifications have in common; an empty part asks for nothing.

    Each of `words` has to be found, in whatever letters: SQLite knows that of ASCII's alone. The span of time begins
    with `since` and ends before `until`. Where nothing is said of `archived`, `snoozed` and `saved`, it asks for the
    inbox: what is neither archived nor snoozed.
    """

    levels: Collection[str] = ()
    categories: Collection[str] = ()
    entities: Collection[str] = ()
    read: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: Collection[str] = ()
    archived: bool | None = None
    snoozed: bool | None = None
    saved: bool | None = None

    @property
    def of_inbox(self) -> bool:
        """Whether it asks for what is in the inbox alone."""
        return self.archived is self.snoozed is self.saved is None

    @property
    def of_few(self) -> bool:
        """Whether it asks for some of what the user left a receipt on, or has not read: few, with an index."""
        return self.read is False or True in (self.archived, self.snoozed, self.saved)

    def unread(self) -> "Filter":
        """Return the filter that asks for what is unread of this."""
        return replace(self, read=False)

    def contents(self) -> Q:
        """Return the condition of what is the same for everyone: all but what a user did with it."""
        parts = {
            "level__in": self.levels,
            "category__in": self.categories,
            "related_entity__in": self.entities,
            "created_at__gte": self.since,
            "created_at__lt": self.until,
        }
        found = Q(**{name: value for name, value in parts.items() if value})
        for word in self.words:
            anywhere = Q()
            for column in SEARCHED:
                anywhere |= Q(**{f"{column}__icontains": word})
            found &= anywhere
        return found

    def condition(self, user_id: int) -> Q:
        """Return the condition that a notification which *user_id* may see has to meet."""
        found = self.contents()
        if self.read is not None:
            unread = Q(pk__in=unread_ids(user_id, anywhere=not self.of_inbox))
            found &= ~unread if self.read else unread
        return found & self._place(user_id)

    def _place(self, user_id: int) -> Q:
        own = Receipt.objects.filter(user_id=user_id)
        if self.of_inbox:
            away = own.filter(notification=OuterRef("pk"), away_version__gte=OuterRef("opened_version"))
            return Q(~Exists(away))
        opened, found = F("notification__opened_version"), Q()
        kinds = (
            (self.archived, own.filter(away_version__gt=0, archived_version__gte=opened)),
            (self.snoozed, own.filter(away_version__gt=0, snoozed_version__gte=opened)),
            (self.saved, own.filter(saved=True)),
        )
        for wanted, receipts in kinds:
            if wanted is not None:
                there = Q(pk__in=receipts.values("notification_id"))
                found &= there if wanted else ~there
        return found
