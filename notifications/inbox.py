"""What one user sees: which notifications, in what order, and whether each is read."""

import base64
import binascii
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.dateparse import parse_datetime

from notifications.models import GroupFloor, Notification, ReadMark, Receipt
from notifications.recent import SPARE, Note, notes_of, recent
from notifications.secrecy import Unreadable
from notifications.unread import unread_count, unread_ids
from realtime import audience
from realtime.snapshots import Start

logger = logging.getLogger(__name__)

LIMIT: Final = 200
"""Notifications on one page at most."""


class InvalidCursor(ValueError):
    """A cursor that did not come from a page of ours."""


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
        self._groups = {audience.for_group(group.pk): group.pk for group in user.groups.all()}  # type: ignore[attr-defined]
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

    def disclose(self, pk: uuid.UUID) -> dict[str, Any]:
        """Return one notification with what it says, also where it is sensitive. For the user's eyes, and no log's.

        `readable` is false where the text cannot be decrypted; the message then says what can be done.

        Raises: Notification.DoesNotExist.
        """
        row = self.visible().get(pk=pk)
        item = {**self.view([row])[0], "readable": True}
        if not row.sensitive:
            return item
        logger.info("User %s reads the sensitive notification %s.", self._user.pk, pk)
        try:
            return {**item, **row.text()}
        except Unreadable as error:
            return {**item, "message": str(error), "readable": False}

    def page(self, limit: int, *, cursor: str | None = None, unread_only: bool = False) -> Page:
        """Return at most *limit* notifications after *cursor*. Raises: InvalidCursor."""
        after = _after(cursor) if cursor else Q()
        rows = self._unread(after, limit) if unread_only else self._newest(after, limit)
        more = _cursor(rows[limit - 1].created_at, rows[limit - 1].pk) if len(rows) > limit else None
        return Page(self.view(rows[:limit]), more)

    def newest(self, limit: int, start: Start) -> tuple[Page, int]:
        """Return the first page of *limit*, and how many there are, at *start*: what `page` and `total_count` return.

        Built from what is kept of each audience; call it inside the consistent read that *start* was taken in.
        """
        parts = recent(limit).of(start, self.audiences)
        total = sum(part.total for part in parts.values()) - self._dismissed()
        last = [part.notes[-1].place for part in parts.values() if not part.complete]
        notes = [note for part in parts.values() for note in part.notes if not last or note.place >= max(last)]
        notes = sorted(notes, key=lambda note: note.place, reverse=True)[: limit + SPARE + 1]
        receipts = self._receipts([note.id for note in notes])
        kept = [note for note in notes if not _dismisses(receipts.get(note.id), note)][: limit + 1]
        if last and len(kept) <= limit:  # The user dismissed so many that what is kept does not reach.
            return self.page(limit), total
        items = [self._item(note, receipts.get(note.id)) for note in kept[:limit]]
        return Page(items, _cursor(*kept[limit - 1].place) if len(kept) > limit else None), total

    def unread_count(self) -> int:
        """Return how many are unread, of all."""
        return unread_count(self._user.pk)

    def total_count(self) -> int:
        """Return how many there are, read or not."""
        return Notification.objects.filter(audience__in=self.audiences, deleted_at=None).count() - self._dismissed()

    def _dismissed(self) -> int:
        dismissed = Receipt.objects.filter(
            user_id=self._user.pk,
            dismissed_version__gt=0,
            dismissed_version__gte=F("notification__opened_version"),
            notification__audience__in=self.audiences,
            notification__deleted_at=None,
        )
        return dismissed.count()

    def view(self, rows: Sequence[Notification]) -> list[dict[str, Any]]:
        """Return *rows* as the user sees them: with `read`, and the `offset` of the opening, null while pending."""
        receipts = self._receipts([row.pk for row in rows])
        return [self._item(note, receipts.get(note.id)) for note in notes_of(list(rows))]

    def _receipts(self, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Receipt]:
        rows = Receipt.objects.filter(user_id=self._user.pk, notification__in=ids)
        return {row.notification_id: row for row in rows.annotate(version=F("notification__version"))}

    def _item(self, note: Note, receipt: Any) -> dict[str, Any]:
        read = receipt is not None and receipt.read_version >= note.opened_version
        kept = receipt is not None and receipt.unread_version >= note.opened_version
        if not read and note.offset is not None and not kept:
            read = note.offset <= self.marks.get(note.audience, 0)
        item = {**note.shown, "read": read, "offset": note.offset}
        if receipt is not None:  # Undoing a dismissal moves the version on, which only that user is told.
            item["version"] = receipt.version
        return item

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


def _dismisses(receipt: Receipt | None, note: Note) -> bool:
    return receipt is not None and receipt.dismissed_version >= note.opened_version


def _cursor(created_at: datetime, pk: uuid.UUID) -> str:
    text = f"{created_at.isoformat()}|{pk.hex}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after(cursor: str) -> Q:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        moment, _, pk = text.partition("|")
        created_at, last = parse_datetime(moment), uuid.UUID(hex=pk)
        if not isinstance(created_at, datetime) or created_at.tzinfo is None:
            raise InvalidCursor(cursor)
        created_at = created_at.astimezone(UTC)  # At either end of the calendar there is no such time.
    except (binascii.Error, OverflowError, ValueError) as error:
        raise InvalidCursor(cursor) from error
    return Q(created_at__lte=created_at) & (Q(created_at__lt=created_at) | Q(pk__lt=last))
