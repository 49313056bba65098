"""The newest notifications of each audience, without what any one user did with them: kept between connections."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import connection

from notifications.models import LIVE, LIVE_IN_SQL, Notification, Opening
from notifications.publications import STREAM
from notifications.representation import UNTOUCHED, represent
from realtime.ready import Ready
from realtime.shared import Shared

SPARE: Final = 50
"""Notifications kept beyond what a snapshot shows, so that a user who put some away still finds enough."""

FORMS: Final = 3
"""A notification itself, and the texts in which it is read and is not."""


@dataclass(frozen=True, slots=True)
class Note:
    """A notification as everyone in its audience sees it; `offset` is that of its opening, None while pending."""

    id: UUID
    created_at: datetime
    audience: str
    opened_version: int
    offset: int | None
    shown: dict[str, Any]
    _seen: dict[bool, Ready] = field(default_factory=dict, compare=False, repr=False)

    def is_read_at(self, mark: int) -> bool:
        """Say whether a reader's *mark* covers it."""
        return self.offset is not None and self.offset <= mark

    def seen(self, mark: int) -> Ready:
        """Return it as those see it who did nothing with it alone, and have read up to *mark*: one of two objects."""
        read = self.is_read_at(mark)
        if read not in self._seen:
            self._seen[read] = Ready({**self.shown, **UNTOUCHED}, read=read, offset=self.offset)
        return self._seen[read]

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


NOTHING: Final = Recent([], complete=True, total=0)
_FILLED: Final = """
WITH asked (audience) AS (VALUES {asked})
SELECT audience FROM asked
WHERE EXISTS (SELECT 1 FROM {notification} n WHERE n.audience = asked.audience AND {live})
"""


@lru_cache(maxsize=1)
def recent(limit: int) -> Shared[Recent]:
    """Return what is kept for snapshots of *limit* notifications."""

    def build(audiences: Collection[str]) -> Mapping[str, Recent]:
        filled = _filled(audiences) if len(audiences) > 1 else audiences
        return {name: _newest(name, limit) if name in filled else NOTHING for name in audiences}

    def weigh(part: Recent) -> int:
        return FORMS * sum(len(str(note.shown)) for note in part.notes)

    return Shared(STREAM, build, weigh)


def _filled(audiences: Collection[str]) -> frozenset[str]:
    """Return which of *audiences* have any notification: of those of single users few may. One query."""
    asked = ", ".join(["(%s)"] * len(audiences))
    with connection.cursor() as cursor:
        sql = _FILLED.format(asked=asked, notification=Notification._meta.db_table, live=LIVE_IN_SQL)
        cursor.execute(sql, list(audiences))
        return frozenset(name for (name,) in cursor.fetchall())


def _newest(audience: str, limit: int) -> Recent:
    live = Notification.objects.filter(audience=audience, **LIVE)
    rows = list(live[: limit + SPARE + 1])
    complete = len(rows) <= limit + SPARE
    return Recent(notes_of(rows), complete, len(rows) if complete else live.count())


def notes_of(rows: list[Notification]) -> list[Note]:
    """Return *rows* with the offsets of their openings. One query."""
    openings = Opening.objects.in_bulk([row.pk for row in rows])
    return [_note(row, openings.get(row.pk)) for row in rows]


def _note(row: Notification, opening: Opening | None) -> Note:
    offset = opening.offset if opening is not None and opening.version == row.opened_version else None
    return Note(row.pk, row.created_at, row.audience, row.opened_version, offset, represent(row))
