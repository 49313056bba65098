"""What one user sees: which notifications, in what order, and whether each is read."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from notifications.filters import Filter
from notifications.models import LIVE, Notification, Receipt
from notifications.readers import Readers
from notifications.recent import notes_of
from notifications.representation import UNTOUCHED, represent
from notifications.secrecy import Unreadable
from notifications.unread import unread_count
from realtime import audit
from realtime.audit import Event

LIMIT: Final = 200
"""Notifications on one page at most."""


class InvalidCursor(ValueError):
    """A cursor that did not come from one of the user's own pages."""


@dataclass(frozen=True, slots=True)
class Page:
    """Notifications newest first, as their reader sees them.

    `next` continues after the last, None at the end; `previous` leads to those before the first, None at the start.
    """

    items: Sequence[dict[str, Any]]
    next: str | None
    previous: str | None = None


class Inbox:
    """One user's notifications: the inbox itself, and what is kept beside it, archived, snoozed or saved.

    Reads only, and only what was delivered, the audience covers and the user did not dismiss.

    Make one for each request: it remembers the user's groups and marks.
    """

    def __init__(self, user: AbstractBaseUser) -> None:
        self._user = user
        self._readers = Readers([user])

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences that the user belongs to."""
        return self._readers.audiences(self._user.pk)

    def covered(self) -> QuerySet[Notification]:
        """Return what the user's audience covers, whether deleted, dismissed or not."""
        return Notification.objects.filter(audience__in=self.audiences, deliver_at=None)

    def visible(self) -> QuerySet[Notification]:
        """Return what is neither deleted nor dismissed, be it archived or snoozed."""
        return self._kept(self.covered())

    def find(self, pk: uuid.UUID) -> dict[str, Any]:
        """Return one notification as the user sees it. Raises: Notification.DoesNotExist."""
        return self.view([self.visible().get(pk=pk)])[0]

    def disclose(self, pk: uuid.UUID, *, also: QuerySet[Notification] | None = None) -> dict[str, Any]:
        """Return one notification with what it says, also where it is sensitive. For the user's eyes, and no log's.

        It may be among *also*, which the user may see beside what they were told.

        `readable` is false where the text cannot be decrypted; the message then says what can be done.

        Raises: Notification.DoesNotExist.
        """
        row = self.visible().filter(pk=pk).first() or (also if also is not None else self.visible()).get(pk=pk)
        item = {**self.view([row])[0], "readable": True}
        if not row.sensitive:
            return item
        try:
            text = row.text()
        except Unreadable as error:
            return {**item, "message": str(error), "readable": False}
        audit.record(Event.SENSITIVE_READ, user=self._user, transport="rest", notification=str(pk))
        return {**item, **text}

    def page(
        self, limit: int, *, cursor: str | None = None, unread_only: bool = False, wanted: Filter | None = None
    ) -> Page:
        """Return at most *limit* notifications from *cursor* on, those alone that *wanted* asks for.

        Raises: InvalidCursor.
        """
        place = place_of(self._user, cursor) if cursor else None
        filters = wanted or Filter(read=False if unread_only else None)
        back = place is not None and place.back
        rows = self._rows(filters, place.beyond() if place else Q(), limit, back=back)
        more, rows = len(rows) > limit, rows[:limit]
        if back:
            rows.reverse()
        later = bool(rows) and (more or back)
        earlier = bool(rows) and (more if back else place is not None)
        return Page(
            self.view(rows),
            cursor_at(self._user, rows[-1].created_at, rows[-1].pk) if later else None,
            cursor_at(self._user, rows[0].created_at, rows[0].pk, back=True) if earlier else None,
        )

    def ids(self, wanted: Filter) -> list[uuid.UUID]:
        """Return the ids of all that *wanted* asks for, newest first."""
        return list(self._every(wanted).values_list("pk", flat=True))

    def counts(self, wanted: Filter) -> dict[tuple[str, str], int]:
        """Return how many there are of what *wanted* asks for, by level and category."""
        rows = self._every(wanted).order_by()
        found = rows.values_list("level", "category").annotate(count=Count("pk"))
        return {(level, category): count for level, category, count in found}

    def unread_count(self) -> int:
        """Return how many of the inbox are unread."""
        return unread_count(self._user.pk)

    def total_count(self) -> int:
        """Return how many are in the inbox, read or not."""
        live = Notification.objects.filter(audience__in=self.audiences, **LIVE)
        return live.count() - self._readers.away()[self._user.pk]

    def tabs(self) -> dict[str, int]:
        """Return how many there are in each place, whatever else is asked for."""
        total, unread = self.total_count(), self.unread_count()
        kept = {"saved": Filter(saved=True), "snoozed": Filter(snoozed=True), "archived": Filter(archived=True)}
        found = {name: self._every(wanted).count() for name, wanted in kept.items()}
        return {"inbox": total, "unread": unread, **found}

    def view(self, rows: Sequence[Notification]) -> list[dict[str, Any]]:
        """Return *rows* with the user's own marks, and the `offset` of each one's opening, null while pending."""
        receipts = self._readers.receipts([row.pk for row in rows])
        user_id = self._user.pk
        return [self._readers.item(user_id, note, receipts.get((user_id, note.id))) for note in notes_of(list(rows))]

    def _every(self, wanted: Filter) -> QuerySet[Notification]:
        return self.visible().filter(wanted.condition(self._user.pk))

    def _kept(self, rows: QuerySet[Notification]) -> QuerySet[Notification]:
        dismissed = Receipt.objects.filter(
            user_id=self._user.pk, notification=OuterRef("pk"), dismissed_version__gte=OuterRef("opened_version")
        )
        return rows.filter(~Exists(dismissed), **LIVE)

    def _rows(self, filters: Filter, beyond: Q, limit: int, *, back: bool) -> list[Notification]:
        """Return one more than *limit* of what *filters* ask for, the nearest first, oldest first when going *back*.

        Each audience is asked for its own, which is a short walk along an index; of what is few there is a query that
        finds it without looking at the rest.
        """
        order = ("created_at", "id") if back else ("-created_at", "-id")
        asked = filters.condition(self._user.pk) & beyond
        if filters.of_few:
            return list(self.visible().filter(asked).order_by(*order)[: limit + 1])
        found: list[Notification] = []
        for name in self.audiences:
            rows = Notification.objects.filter(asked, audience=name, **LIVE)
            found += (rows if filters.of_inbox else self._kept(rows)).order_by(*order)[: limit + 1]
        return sorted(found, key=lambda row: (row.created_at, row.pk), reverse=not back)[: limit + 1]


def created(row: Notification) -> dict[str, Any]:
    """Return *row*, which was created just now, as its readers see it: nobody has done anything with it yet."""
    return {**represent(row), **UNTOUCHED, "offset": None}


@cache
def _signer() -> signing.Signer:
    return signing.Signer(salt="notifications.page")  # Not before it is used: some commands need no SECRET_KEY.


def cursor_at(user: AbstractBaseUser, created_at: datetime, pk: uuid.UUID, *, back: bool = False) -> str:
    """Return the cursor of what comes after the notification of that time and id, or before it when going *back*.

    It is signed, and good for *user* alone.
    """
    place = [str(user.pk), created_at.isoformat(), pk.hex]
    return _signer().sign_object([*place, "back"] if back else place)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins, and in which direction it goes."""

    moment: datetime
    pk: uuid.UUID
    back: bool

    def beyond(self) -> Q:
        """Return the condition of what lies beyond it."""
        if self.back:
            return Q(created_at__gte=self.moment) & (Q(created_at__gt=self.moment) | Q(pk__gt=self.pk))
        return Q(created_at__lte=self.moment) & (Q(created_at__lt=self.moment) | Q(pk__lt=self.pk))


def place_of(user: AbstractBaseUser, cursor: str) -> Place:
    """Return where *cursor* leads *user*. Raises: InvalidCursor."""
    try:
        owner, created_at, pk, *way = _signer().unsign_object(cursor)
    except signing.BadSignature as error:
        raise InvalidCursor(cursor) from error
    if owner != str(user.pk):
        raise InvalidCursor(cursor)
    return Place(datetime.fromisoformat(created_at), uuid.UUID(hex=pk), bool(way))
