"""What was published: reading it back from the database, consistently with other data, and a window of recent ones."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from heapq import merge
from itertools import takewhile
from operator import attrgetter
from typing import Any, Final, NamedTuple

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
    detail: bool = False
    """Whether v1 clients get it only where they follow its key by name."""


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


def ensure(streams: Iterable[str], model: Any = Stream) -> None:
    """Create the rows of those *streams* that do not exist yet; a migration hands its own *model*."""
    missing = set(streams) - set(model.objects.values_list("name", flat=True))
    model.objects.bulk_create([model(name=name) for name in sorted(missing)], ignore_conflicts=True)


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


class Older(NamedTuple):
    """The publications of one kind (details, or all others) before an offset, newest first: all those after `after`."""

    items: list[Published]
    before: int
    after: int


def older(stream: str, offset: int, *, detail: bool, count: int, size: int) -> Older:
    """Return the publications of one kind before *offset*, within the bounds of `before`."""
    found = before(stream, offset, count=count, size=size, detail=detail)
    floor = _floor(stream, detail=detail)  # After the rows, or what is pruned meanwhile would be a hole.
    ended_early = len(found) == count or sum(map(weight, found)) > size
    return Older(found, offset, found[-1].offset - 1 if ended_early else min(floor, offset - 1))


def _floor(stream: str, *, detail: bool) -> int:
    """Return the highest offset of one kind that was pruned."""
    floor, details = Stream.objects.values_list("floor", "details_floor").get(name=stream)
    return max(floor, details) if detail else floor


def before(stream: str, offset: int, *, count: int, size: int, detail: bool | None = None) -> list[Published]:
    """Return publications of *stream* before *offset*, newest first: at most *count*, and about *size* characters.

    With *detail* only those that are details, or only the others.
    """
    kind = {} if detail is None else {"detail": detail}
    rows = Publication.objects.filter(stream=stream, offset__lt=offset, **kind).order_by("-offset")[:count]
    found: list[Published] = []
    for row in rows.values_list(*Published._fields).iterator(chunk_size=CHUNK):
        found.append(Published(*row))
        size -= weight(found[-1])
        if size < 0:
            break
    return found


class Window:
    """The most recent publications of one stream, bounded in number and in characters of JSON.

    Details are kept and bounded for themselves, so that many of them push nothing else out. `covers` says whether a
    replay can come from here instead of the database.
    """

    def __init__(self, *, count: int, size: int) -> None:
        self._shared = _Recent(count, size)
        self._details = _Recent(count, size)

    def __len__(self) -> int:
        return len(self._shared.items) + len(self._details.items)

    def append(self, item: Published) -> None:
        """Add the next publication and forget the oldest ones of its kind that no longer fit."""
        for kind in (self._shared, self._details):
            if kind.after is None:
                kind.after = item.offset - 1
        (self._details if item.detail else self._shared).append(item)

    def extend_back(self, items: Iterable[Published]) -> None:
        """Add older publications, newest first, as far as they fit and continue what is here without a hole."""
        both = self._shared, self._details
        for item in items:
            follows = all(kind.after in (None, item.offset) for kind in both)
            if not follows or not both[item.detail].prepend(item):
                return
            for kind in both:
                kind.after = item.offset - 1

    def extend_back_by(self, older: Older, *, detail: bool) -> None:
        """Add what is *older*, of one kind, as far as it fits and continues what is here."""
        kind = self._details if detail else self._shared
        if kind.after not in (None, older.before - 1):
            return
        kind.after = older.before - 1
        for item in older.items:
            if not kind.prepend(item):
                return
            kind.after = item.offset - 1
        kind.after = older.after

    @property
    def first(self) -> int | None:
        """The oldest offset that is here, None where nothing is; of details there may be fewer."""
        return self.reach(detail=False)

    def reach(self, *, detail: bool) -> int | None:
        """Return the offset from which on all of one kind are here, None where nothing is known."""
        after = (self._details if detail else self._shared).after
        return None if after is None else after + 1

    def covers(self, offset: int, *, details: bool = True) -> bool:
        """Say whether everything after *offset* is here; without *details*, everything else."""
        kinds = (self._shared, self._details) if details else (self._shared,)
        return all(kind.after is not None and kind.after <= offset for kind in kinds)

    def since(self, offset: int, *, details: bool = True) -> Sequence[Published]:
        """Return what came after *offset*; only meaningful where `covers(offset)`."""
        shared = self._shared.since(offset)
        if not details or not self._details.items:
            return shared
        return list(merge(shared, self._details.since(offset), key=attrgetter("offset")))

    def clear(self) -> None:
        """Forget everything."""
        self._shared.clear()
        self._details.clear()


class _Recent:
    """The most recent publications of one kind: all of them after the offset `after`."""

    def __init__(self, count: int, size: int) -> None:
        self.items: deque[Published] = deque()
        self.after: int | None = None
        self._count = count
        self._size = size
        self._used = 0

    def append(self, item: Published) -> None:
        self.items.append(item)
        self._used += weight(item)
        while len(self.items) > self._count or (self._used > self._size and len(self.items) > 1):
            gone = self.items.popleft()
            self._used -= weight(gone)
            self.after = gone.offset

    def prepend(self, item: Published) -> bool:
        """Add an older one where there is room; say whether there was."""
        if len(self.items) >= self._count or self._used + weight(item) > self._size:
            return False
        self.items.appendleft(item)
        self._used += weight(item)
        return True

    def since(self, offset: int) -> list[Published]:
        return list(takewhile(lambda item: item.offset > offset, reversed(self.items)))[::-1]

    def clear(self) -> None:
        self.items.clear()
        self.after = None
        self._used = 0


def weight(item: Published) -> int:
    """Return what a publication counts towards a window's size, in characters."""
    return len(item.body) + len(item.legacy or "")
