"""What one user sees: which notifications, in what order, and whether each is read."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from notifications.models import GroupFloor, Notification, Opening, ReadMark, Receipt
from notifications.representation import represent
from notifications.unread import unread_count, unread_ids
from realtime import audience

LIMIT: Final = 200
"""Notifications on one page at most."""
CURSORS: Final = signing.Signer(salt="notifications.page")


class InvalidCursor(ValueError):
    """A cursor that did not come from one of the user's own pages."""


@dataclass(frozen=True, slots=True)
class Page:
    """Notifications newest first, as their reader sees them; `next` continues after the last, None at the end."""

    items: list[dict[str, Any]]
    next: str | None


class Inbox:
    """One user's notifications. Reads only, and only what the audience covers and the user did not dismiss.

    Make one for each request: it remembers the user's groups and marks.
    """

    def __init__(self, user: AbstractBaseUser) -> None:
        self._user = user
        groups = user.groups.values_list("pk", flat=True)  # type: ignore[attr-defined]
        self._groups = {audience.for_group(pk): pk for pk in groups}
        self._marks: dict[str, int] | None = None

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences that the user belongs to."""
        return frozenset({audience.EVERYONE, audience.for_user(self._user.pk), *self._groups})

    def covered(self) -> QuerySet[Notification]:
        """Return what the user's audience covers, whether deleted, dismissed or not."""
        return Notification.objects.filter(audience__in=self.audiences)

    def visible(self) -> QuerySet[Notification]:
        """Return what is neither deleted nor dismissed."""
        return self._kept(self.covered())

    def find(self, pk: uuid.UUID) -> dict[str, Any]:
        """Return one notification as the user sees it. Raises: Notification.DoesNotExist."""
        return self.view([self.visible().get(pk=pk)])[0]

    def page(self, limit: int, *, cursor: str | None = None, unread_only: bool = False) -> Page:
        """Return at most *limit* notifications after *cursor*. Raises: InvalidCursor."""
        after = _after(self._user, cursor) if cursor else Q()
        rows = self._unread(after, limit) if unread_only else self._newest(after, limit)
        more = _cursor(self._user, rows[limit - 1]) if len(rows) > limit else None
        return Page(self.view(rows[:limit]), more)

    def unread_count(self) -> int:
        """Return how many are unread, of all."""
        return unread_count(self._user.pk)

    def total_count(self) -> int:
        """Return how many there are, read or not."""
        live = Notification.objects.filter(audience__in=self.audiences, deleted_at=None)
        dismissed = Receipt.objects.filter(
            user_id=self._user.pk,
            dismissed_version__gt=0,
            dismissed_version__gte=F("notification__opened_version"),
            notification__audience__in=self.audiences,
            notification__deleted_at=None,
        )
        return live.count() - dismissed.count()

    def view(self, rows: Sequence[Notification]) -> list[dict[str, Any]]:
        """Return *rows* as the user sees them: with `read`, and the `offset` of the opening, null while pending."""
        ids = [row.pk for row in rows]
        openings = Opening.objects.in_bulk(ids)
        receipts = {r.notification_id: r for r in Receipt.objects.filter(user_id=self._user.pk, notification__in=ids)}
        return [self._item(row, openings.get(row.pk), receipts.get(row.pk)) for row in rows]

    def _item(self, row: Notification, opening: Opening | None, receipt: Receipt | None) -> dict[str, Any]:
        offset = opening.offset if opening is not None and opening.version == row.opened_version else None
        read = receipt is not None and receipt.read_version >= row.opened_version
        kept = receipt is not None and receipt.unread_version >= row.opened_version
        if not read and offset is not None and not kept:
            read = offset <= self.marks.get(row.audience, 0)
        return {**represent(row), "read": read, "offset": offset}

    @property
    def marks(self) -> dict[str, int]:
        """Up to which offset each of the user's audiences is read."""
        if self._marks is None:
            own = ReadMark.objects.filter(pk=self._user.pk).values_list("offset", flat=True).first() or 0
            floors = dict(GroupFloor.objects.filter(user_id=self._user.pk).values_list("group_id", "offset"))
            in_groups = {name: max(own, floors.get(pk, 0)) for name, pk in self._groups.items()}
            self._marks = {**dict.fromkeys(self.audiences, own), **in_groups}
        return self._marks

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


def _cursor(user: AbstractBaseUser, row: Notification) -> str:
    """Return the cursor of what comes after *row*: signed, and good for *user* alone."""
    return CURSORS.sign_object([str(user.pk), row.created_at.isoformat(), row.pk.hex])


def _after(user: AbstractBaseUser, cursor: str) -> Q:
    try:
        owner, created_at, pk = CURSORS.unsign_object(cursor)
    except signing.BadSignature as error:
        raise InvalidCursor(cursor) from error
    if owner != str(user.pk):
        raise InvalidCursor(cursor)
    moment = datetime.fromisoformat(created_at)
    return Q(created_at__lte=moment) & (Q(created_at__lt=moment) | Q(pk__lt=uuid.UUID(hex=pk)))
