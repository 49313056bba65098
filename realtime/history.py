"""What was published: reading it back from the database, consistently with other data, and a window of recent ones."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from realtime.errors import UnrecoverablePosition
from realtime.models import Publication, Stream, new_epoch

CHUNK: Final = 500
"""Publications read from the database at a time."""


class Published(NamedTuple):
    """A numbered publication, as the hub and the channel layer handle it."""

    id: int
    offset: int
    audience: str
    key: str
    version: int | None
    body: str
    legacy: str | None
    created_at: datetime | None = None
    """When the publisher wrote it; None where the node that sent it does not say."""


class Head(NamedTuple):
    """How far a stream has come, and how far back its history reaches (`floor` is the last pruned offset)."""

    epoch: str
    offset: int
    floor: int


class Pending(NamedTuple):
    """A committed publication that has no offset yet."""

    id: int
    key: str
    audience: str


@contextmanager
def consistent_read() -> Iterator[None]:
    """Let every query inside see the same state of the database, without blocking a writer.

    Must not be entered inside a transaction. PostgreSQL: REPEATABLE READ, READ ONLY. SQLite: BEGIN DEFERRED, because
    IMMEDIATE would take the write lock.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    connection.ensure_connection()  # Connecting sets the mode, so that it must not come after the next lines.
    mode = connection.transaction_mode  # type: ignore[attr-defined]
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            yield
    finally:
        connection.transaction_mode = mode  # type: ignore[attr-defined]


def heads() -> dict[str, Head]:
    """Return the head of every stream."""
    rows = Stream.objects.values_list("name", "epoch", "head", "floor")
    return {name: Head(epoch, head, floor) for name, epoch, head, floor in rows}


def head(stream: str) -> Head:
    """Return the head of *stream*. Reads only, so that it may be part of a consistent read.

    Raises: Stream.DoesNotExist, when `ensure` was not called for it.
    """
    row = Stream.objects.get(name=stream)
    return Head(row.epoch, row.head, row.floor)


def ensure(streams: Iterable[str]) -> None:
    """Create the rows of those *streams* that do not exist yet."""
    missing = set(streams) - set(Stream.objects.values_list("name", flat=True))
    Stream.objects.bulk_create([Stream(name=name) for name in sorted(missing)], ignore_conflicts=True)


def renew_epoch(stream: str, *, seen: int | None = None) -> None:
    """Give *stream* a new epoch: no position of before can be resumed, every client gets a reset and a snapshot.

    With *seen* only where the head is still behind that offset, so that of many nodes that notice a restored backup
    one renews the epoch.
    """
    with transaction.atomic():
        row = Stream.objects.select_for_update().get(name=stream)
        if seen is None or row.head < seen:
            row.epoch, row.head = new_epoch(), max(row.head, seen or 0)
            row.save(update_fields=["epoch", "head"])


def pending(stream: str) -> list[Pending]:
    """Return the publications of *stream* that are committed but have no offset yet."""
    rows = Publication.objects.filter(stream=stream, offset__isnull=True)
    return [Pending(*row) for row in rows.values_list(*Pending._fields)]


def newest_by_audience(stream: str, audiences: Iterable[str], *, after: int, through: int) -> dict[str, int]:
    """Return the newest offset of each of *audiences* that something was published to between two offsets."""
    rows = Publication.objects.filter(stream=stream, offset__gt=after, offset__lte=through, audience__in=audiences)
    return dict(rows.values_list("audience").annotate(newest=Max("offset")))


def since(stream: str, offset: int, limit: int = CHUNK) -> list[Published]:
    """Return at most *limit* publications of *stream* after *offset*, in order and without a hole.

    Raises: UnrecoverablePosition, when some of them were pruned.
    """
    head = Stream.objects.filter(name=stream).values_list("head", flat=True).first() or 0
    rows = Publication.objects.filter(stream=stream, offset__gt=offset).order_by("offset")
    found = [Published(*row) for row in rows.values_list(*Published._fields)[:limit]]
    reached = found[-1].offset if found else max(head, offset)  # The head of before: what came since is no hole.
    if reached - offset != len(found):
        raise UnrecoverablePosition("window_exceeded")
    return found


def before(stream: str, offset: int, *, count: int, size: int) -> list[Published]:
    """Return publications of *stream* before *offset*, newest first: at most *count*, and about *size* characters."""
    rows = Publication.objects.filter(stream=stream, offset__lt=offset).order_by("-offset")[:count]
    found: list[Published] = []
    for row in rows.values_list(*Published._fields).iterator(chunk_size=CHUNK):
        found.append(Published(*row))
        size -= weight(found[-1])
        if size < 0:
            break
    return found


class Window:
    """The most recent publications of one stream, bounded in number and in characters of JSON.

    They are contiguous: `covers` says whether a replay can come from here instead of the database.
    """

    def __init__(self, *, count: int, size: int) -> None:
        self._items: deque[Published] = deque()
        self._count = count
        self._size = size
        self._used = 0

    def __len__(self) -> int:
        return len(self._items)

    def append(self, item: Published) -> None:
        """Add the next publication and forget the oldest ones that no longer fit."""
        self._items.append(item)
        self._used += weight(item)
        while len(self._items) > self._count or (self._used > self._size and len(self._items) > 1):
            self._used -= weight(self._items.popleft())

    def extend_back(self, items: Iterable[Published]) -> None:
        """Add older publications, newest first, as far as they fit and continue what is here without a hole."""
        for item in items:
            full = len(self._items) >= self._count or self._used + weight(item) > self._size
            if full or (self._items and item.offset != self._items[0].offset - 1):
                return
            self._items.appendleft(item)
            self._used += weight(item)

    @property
    def first(self) -> int | None:
        """The oldest offset that is here, None where nothing is."""
        return self._items[0].offset if self._items else None

    def covers(self, offset: int) -> bool:
        """Say whether everything after *offset* is here."""
        return self.first is not None and self.first <= offset + 1

    def since(self, offset: int) -> Sequence[Published]:
        """Return what came after *offset*; only meaningful where `covers(offset)`."""
        missing = max(0, self._items[-1].offset - offset) if self._items else 0
        return list(islice(reversed(self._items), missing))[::-1]

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()
        self._used = 0


def weight(item: Published) -> int:
    """Return what a publication counts towards a window's size, in characters."""
    return len(item.body) + len(item.legacy or "")
