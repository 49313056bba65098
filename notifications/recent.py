"""The newest notifications of each audience, without what any one user did with them: kept between connections."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from notifications.models import Notification, Opening
from notifications.publications import STREAM
from notifications.representation import represent
from realtime.shared import Shared

SPARE: Final = 50
"""Notifications kept beyond what a snapshot shows, so that a user who dismissed some still finds enough."""


@dataclass(frozen=True, slots=True)
class Note:
    """A notification as everyone in its audience sees it; `offset` is that of its opening, None while pending."""

    id: UUID
    created_at: datetime
    audience: str
    opened_version: int
    offset: int | None
    shown: dict[str, Any]

    @property
    def place(self) -> tuple[datetime, UUID]:
        """Where it stands in a list that is sorted by age."""
        return self.created_at, self.id


@dataclass(frozen=True, slots=True)
class Recent:
    """An audience's newest notifications, newest first, and how many there are; `complete` says that these are all."""

    notes: list[Note]
    complete: bool
    total: int


@lru_cache(maxsize=1)
def recent(limit: int) -> Shared[Recent]:
    """Return what is kept for snapshots of *limit* notifications."""

    def build(audience: str) -> Recent:
        live = Notification.objects.filter(audience=audience, deleted_at=None)
        rows = list(live[: limit + SPARE + 1])
        complete = len(rows) <= limit + SPARE
        return Recent(notes_of(rows), complete, len(rows) if complete else live.count())

    def weigh(part: Recent) -> int:
        return sum(len(str(note.shown)) for note in part.notes)

    return Shared(STREAM, build, weigh)


def notes_of(rows: list[Notification]) -> list[Note]:
    """Return *rows* with the offsets of their openings. One query."""
    openings = Opening.objects.in_bulk([row.pk for row in rows])
    return [_note(row, openings.get(row.pk)) for row in rows]


def _note(row: Notification, opening: Opening | None) -> Note:
    offset = opening.offset if opening is not None and opening.version == row.opened_version else None
    return Note(row.pk, row.created_at, row.audience, row.opened_version, offset, represent(row))
