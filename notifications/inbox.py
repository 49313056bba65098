"""What one user sees: which notifications, in what order, and whether each is read."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet

from notifications.models import Notification, Receipt
from notifications.readers import Readers
from notifications.recent import notes_of
from notifications.representation import represent
from notifications.secrecy import Unreadable
from notifications.unread import unread_count, unread_ids
from realtime import audit
from realtime.audit import Event

LIMIT: Final = 200
"""Notifications on one page at most."""


class InvalidCursor(ValueError):
    """A cursor that did not come from one of the user's own pages."""


@dataclass(frozen=True, slots=True)
class Page:
    """Notifications newest first, as their reader sees them; `next` continues after the last, None at the end."""

    items: Sequence[dict[str, Any]]
    next: str | None


class Inbox:
    """One user's notifications. Reads only, and only what the audience covers and the user did not dismiss.

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
        return Notification.objects.filter(audience__in=self.audiences)

    def visible(self) -> QuerySet[Notification]:
        """Return what is neither deleted nor dismissed."""
        return self._kept(self.covered())

    def find(self, pk: uuid.UUID) -> dict[str, Any]:
        """Return one notification as the user sees it. Raises: Notification.DoesNotExist."""
        return self.view([self.visible().get(pk=pk)])[0]

    def disclose(self, pk: uuid.UUID) -> dict[str, Any]:
        """Return one notification with what it says, also where it is sensitive. For the user's eyes, and no log's.

        `readable` is false where the text cannot be decrypted; the message then says what can be done.

        Raises: Notification.DoesNotExist.
        """
        row = self.visible().get(pk=pk)
        item = {**self.view([row])[0], "readable": True}
        if not row.sensitive:
            return item
        try:
            text = row.text()
        except Unreadable as error:
            return {**item, "message": str(error), "readable": False}
        audit.record(Event.SENSITIVE_READ, user=self._user, transport="rest", notification=str(pk))
        return {**item, **text}

    def page(self, limit: int, *, cursor: str | None = None, unread_only: bool = False) -> Page:
        """Return at most *limit* notifications after *cursor*. Raises: InvalidCursor."""
        after = _after(self._user, cursor) if cursor else Q()
        rows = self._unread(after, limit) if unread_only else self._newest(after, limit)
        more = cursor_at(self._user, rows[limit - 1].created_at, rows[limit - 1].pk) if len(rows) > limit else None
        return Page(self.view(rows[:limit]), more)

    def unread_count(self) -> int:
        """Return how many are unread, of all."""
        return unread_count(self._user.pk)

    def total_count(self) -> int:
        """Return how many there are, read or not."""
        live = Notification.objects.filter(audience__in=self.audiences, deleted_at=None)
        return live.count() - self._readers.dismissed()[self._user.pk]

    def view(self, rows: Sequence[Notification]) -> list[dict[str, Any]]:
        """Return *rows* as the user sees them: with `read`, and the `offset` of the opening, null while pending."""
        receipts = self._readers.receipts([row.pk for row in rows])
        user_id = self._user.pk
        return [self._readers.item(user_id, note, receipts.get((user_id, note.id))) for note in notes_of(list(rows))]

    def _kept(self, rows: QuerySet[Notification]) -> QuerySet[Notification]:
        dismissed = Receipt.objects.filter(
            user_id=self._user.pk, notification=OuterRef("pk"), dismissed_version__gte=OuterRef("opened_version")
        )
        return rows.filter(~Exists(dismissed), deleted_at=None)

    def _newest(self, after: Q, limit: int) -> list[Notification]:
        """Ask each audience for its newest, which is a short walk along an index, and merge what they say."""
        found: list[Notification] = []
        for name in self.audiences:
            found += self._kept(Notification.objects.filter(after, audience=name))[: limit + 1]
        return sorted(found, key=lambda row: (row.created_at, row.pk), reverse=True)[: limit + 1]

    def _unread(self, after: Q, limit: int) -> list[Notification]:
        return list(Notification.objects.filter(after, pk__in=unread_ids(self._user.pk))[: limit + 1])


def created(row: Notification) -> dict[str, Any]:
    """Return *row*, which was created just now, as its readers see it: nobody has done anything with it yet."""
    return {**represent(row), "read": False, "offset": None}


@cache
def _signer() -> signing.Signer:
    return signing.Signer(salt="notifications.page")  # Not before it is used: some commands need no SECRET_KEY.


def cursor_at(user: AbstractBaseUser, created_at: datetime, pk: uuid.UUID) -> str:
    """Return the cursor of what comes after the notification of that time and id: signed, and good for *user* alone."""
    return _signer().sign_object([str(user.pk), created_at.isoformat(), pk.hex])


def _after(user: AbstractBaseUser, cursor: str) -> Q:
    try:
        owner, created_at, pk = _signer().unsign_object(cursor)
    except signing.BadSignature as error:
        raise InvalidCursor(cursor) from error
    if owner != str(user.pk):
        raise InvalidCursor(cursor)
    moment = datetime.fromisoformat(created_at)
    return Q(created_at__lte=moment) & (Q(created_at__lt=moment) | Q(pk__lt=uuid.UUID(hex=pk)))
