"""From a change to a numbered publication: publish(), the relayer's numbering, and who is told.

`publish()` inserts a row without an offset in the caller's transaction. After the commit a relayer gives offsets by
visibility, under the stream row's lock. A counter inside the caller's transaction would instead hold that lock for as
long as the caller likes, and two writers in opposite order would deadlock.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Count, Min
from django.utils import timezone

from realtime.audience import EVERYONE
from realtime.errors import OutsideTransaction
from realtime.history import Published
from realtime.models import Publication, Stream

logger = logging.getLogger(__name__)

BATCH: Final = 1_000
"""Publications numbered in one transaction; it bounds how long the stream's row is locked."""

Hook = Callable[[Sequence[Published]], None]
_hooks: dict[str, Hook] = {}
_wakers: list[Callable[[], None]] = []
_orphan: list[Callable[[], None]] = []
_ephemeral: set[str] = set()
_merging: set[str] = set()
_passers: list["Passer"] = []
_orphan_passer: list["Passer"] = []


@dataclass(frozen=True, slots=True)
class Draft:
    """A publication before it is stored; the arguments of `publish`."""

    stream: str
    body: Mapping[str, Any]
    audience: str = EVERYONE
    key: str = ""
    version: int | None = None
    legacy: Sequence[Mapping[str, Any]] | None = None
    detail: bool = False
    """Whether it says more about the object `key` than those want who follow all objects: see `Topic.details`."""
    mergeable: bool = False
    """Whether a later publication of the object says all that this one does, and may come in its stead."""


class Passing(NamedTuple):
    """An ephemeral publication on its way: nothing of it is stored."""

    audience: str
    key: str
    text: str


Passer = Callable[[str, Sequence[Passing]], None]


def publish(draft: Draft) -> None:
    """Publish *draft* when the current transaction commits; nothing happens when it rolls back.

    Raises: OutsideTransaction, in DEBUG, when no transaction is open.
    """
    publish_many([draft])


def publish_many(drafts: Iterable[Draft]) -> None:
    """Publish *drafts*, in their order, in one insert and with one wake-up.

    Those of ephemeral topics are handed on at the commit, at most once, and are not stored.

    Raises: OutsideTransaction, in DEBUG, when no transaction is open.
    """
    stored: list[Draft] = []
    passing: dict[str, list[Passing]] = {}
    for draft in drafts:
        if draft.stream in _ephemeral:
            passing.setdefault(draft.stream, []).append(Passing(draft.audience, draft.key, encode(draft.body)))
        else:
            stored.append(draft)
    for stream, items in passing.items():
        transaction.on_commit(partial(_pass_on, stream, items), robust=True)
    if not stored:
        return
    _require_transaction()
    for start in range(0, len(stored), BATCH):
        _insert(stored[start : start + BATCH])
    transaction.on_commit(wake, robust=True)


def encode(value: Any) -> str:
    """Return *value* as compact JSON text; times, UUIDs and decimals as Django's API writes them.

    Raises: ValueError, where it holds NaN or an infinity, which no browser's JSON parser takes.
    """
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def wake() -> None:
    """Tell this process's relayers that something may be pending. Cheap, never blocks, callable from any thread."""
    for waker in tuple(_wakers) or tuple(_orphan):
        waker()


def on_wake(waker: Callable[[], None]) -> Callable[[], None]:
    """Have *waker* called after each commit that published; return a function that ends it."""
    _wakers.append(waker)
    return lambda: _wakers.remove(waker) if waker in _wakers else None


def on_orphaned_wake(waker: Callable[[], None]) -> None:
    """Have *waker* called after a commit that published where no relayer of this process listens."""
    _orphan[:] = [waker]


def on_numbered(stream: str, hook: Hook) -> None:
    """Have *hook* called with what was numbered on *stream*, inside the numbering transaction.

    It must only write rows that nobody else locks: it runs under the stream's lock.
    """
    _hooks[stream] = hook


def declare_ephemeral(stream: str) -> None:
    """Let publications of *stream* be passed on and not stored."""
    _ephemeral.add(stream)


def declare_merging(stream: str) -> None:
    """Let mergeable publications of *stream* give way to later ones of the same object until they are numbered."""
    _merging.add(stream)


def forget(stream: str) -> None:
    """Undo `on_numbered`, `declare_ephemeral` and `declare_merging` for *stream*."""
    _hooks.pop(stream, None)
    _merging.discard(stream)
    _ephemeral.discard(stream)


def on_passing(passer: Passer) -> Callable[[], None]:
    """Have *passer* called with ephemeral publications at their commit; return a function that ends it."""
    _passers.append(passer)
    return lambda: _passers.remove(passer) if passer in _passers else None


def on_orphaned_passing(passer: Passer) -> None:
    """Have *passer* called with ephemeral publications where no node of this process takes them."""
    _orphan_passer[:] = [passer]


def _pass_on(stream: str, items: Sequence[Passing]) -> None:
    for passer in tuple(_passers) or tuple(_orphan_passer):
        passer(stream, items)


_PENDING: Final = """
SELECT stream FROM realtime_publication WHERE "offset" IS NULL GROUP BY stream ORDER BY MIN(created_at)
"""


def pending_streams() -> list[str]:
    """Return the streams that have publications without an offset, the one that has waited longest first.

    Costs what is pending, not what is stored: asked for the names alone, SQLite would read the offsets of the whole
    history, since they are in an index too.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PENDING)
        return [stream for (stream,) in cursor.fetchall()]


def backlog() -> tuple[int, float]:
    """Return how many publications are pending, and the age in seconds of the oldest; the index of those is enough."""
    pending = Publication.objects.filter(offset__isnull=True)
    found = pending.aggregate(depth=Count("id"), oldest=Min("created_at"))
    oldest = found["oldest"]
    return found["depth"], max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0


def relay(stream: str) -> list[Published]:
    """Give offsets to at most `BATCH` pending publications of *stream* and return them in order.

    Safe to run from any number of processes: the stream's row is locked first, and numbering is a second statement,
    because in one statement READ COMMITTED numbers rows twice.
    """
    with transaction.atomic():
        _bound_locks()
        head = _locked_head(stream)
        if stream in _merging:
            _merge(stream)
        numbered = _number(stream, head)
        if not numbered:
            return []
        with connection.cursor() as cursor:
            cursor.execute(_MOVE_HEAD, [numbered[-1].offset, stream])
        if hook := _hooks.get(stream):
            hook(numbered)
    return numbered


def _locked_head(stream: str) -> int:
    """Lock the row of *stream*, which is made where it is missing, and return its head."""
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""  # SQLite's transaction has locked it.
    with connection.cursor() as cursor:
        while True:
            cursor.execute(f"{_HEAD} {lock}", [stream])
            if row := cursor.fetchone():
                return int(row[0])
            Stream.objects.get_or_create(name=stream)


# Plain statements, as the next one has to be: the ORM makes them anew each time, which took half of a relay's CPU.
_HEAD: Final = "SELECT head FROM realtime_stream WHERE name = %s"
_MOVE_HEAD: Final = "UPDATE realtime_stream SET head = %s WHERE name = %s"


_MERGE: Final = """
DELETE FROM realtime_publication WHERE id IN (
    SELECT id FROM (
        SELECT id, mergeable, LEAD(id) OVER (PARTITION BY audience, key ORDER BY id) AS later
        FROM realtime_publication WHERE stream = %s AND "offset" IS NULL AND version IS NOT NULL
    ) AS pending
    WHERE mergeable AND later IS NOT NULL
)
"""


def _merge(stream: str) -> None:
    """Take away what gives way to a later publication.

    The later one stays as it is, with an id of its own: a snapshot that has the earlier one in it, and so suppresses
    it, must not suppress the later one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MERGE, [stream])


_NUMBER: Final = """
UPDATE realtime_publication SET "offset" = %s + pending.place
FROM (
    SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM realtime_publication
    WHERE stream = %s AND "offset" IS NULL ORDER BY id LIMIT %s
) AS pending
WHERE realtime_publication.id = pending.id
RETURNING realtime_publication.id, "offset", audience, key, version, body, legacy, created_at, detail
"""


def _number(stream: str, head: int) -> list[Published]:
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [head, stream, BATCH])
        rows = [
            Published(*row)._replace(created_at=_moment(at), detail=bool(detail))
            for *row, at, detail in cursor.fetchall()
        ]
    return sorted(rows, key=lambda item: item.offset)


def _moment(written: datetime) -> datetime:
    """Return a time as the models do: of SQLite it comes without a zone, which is UTC."""
    return written.replace(tzinfo=UTC) if timezone.is_naive(written) else written


def _bound_locks() -> None:
    """Keep a frozen process from stopping the others for longer than a second (PostgreSQL only)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'; SET LOCAL idle_in_transaction_session_timeout = '1s'")


# Made anew each time, as the ORM does, this statement took half of a publisher's CPU.
_INSERT: Final = """
INSERT INTO realtime_publication (stream, audience, key, version, mergeable, detail, body, legacy, created_at) VALUES
"""
_ROW: Final = "(%s, %s, %s, %s, %s, %s, %s, %s, %s)"


def _insert(drafts: Sequence[Draft]) -> None:
    """Store *drafts* without offsets; their ids are in the same order."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    values: list[Any] = []
    for draft in drafts:
        values += (draft.stream, draft.audience, draft.key, draft.version, draft.mergeable, draft.detail)
        values += (encode(draft.body), None if draft.legacy is None else encode(draft.legacy), now)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + ", ".join([_ROW] * len(drafts)), values)


def _require_transaction() -> None:
    if connection.in_atomic_block:
        return
    if settings.DEBUG:
        raise OutsideTransaction("publish() needs transaction.atomic() around it and the change that it announces.")
    logger.error("publish() was called outside a transaction; a crash could part the change from its publication.")
