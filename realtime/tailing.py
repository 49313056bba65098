"""Following streams from a process that serves nobody: a command, a script that passes on what is published.

It reads what servers read: the durable stream, by offset. The channel layer only wakes it up.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Min
from django.utils import timezone

from realtime import history, outbox
from realtime.broker import Broker, group_of, publications, reaches_others
from realtime.history import Head, Published
from realtime.models import Publication

logger = logging.getLogger(__name__)

TICK: Final = 1.0
"""Seconds between looks where the channel layer wakes it up."""
TICK_ALONE: Final = 0.2
"""The same where it does not."""
LEAVE: Final = 3.0
"""Seconds for leaving the channel layer, which may be away."""
SCAN_SIZE: Final = 4 * 1024 * 1024
"""Characters that one step backwards reads at most."""

T = TypeVar("T")
Tell = Callable[[str], None]
Wanted = Callable[[str, Published], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is on a stream: after *offset* in *epoch*; *moment* is when the last one was written."""

    epoch: str
    offset: int
    moment: datetime


class Tail:
    """A reader of *streams*. `look()` returns what is new, `wait()` waits until it may be worth to look again.

    Its place moves only by what it has returned: an outage of the database costs nothing but time. *tell* is called
    with a sentence when one begins and ends, and where a stream cannot be continued. Not for several threads.
    """

    def __init__(self, streams: Collection[str], tell: Tell) -> None:
        self._streams = tuple(streams)
        self._tell = tell
        self._away = False
        self._pending = frozenset(outbox.pending_streams())
        self._alarm = Alarm(self._streams) if reaches_others() else None
        self._woken = threading.Event()
        history.ensure(self._streams)
        self._relay_what_waits()
        self._now = {name: self._place(name, head) for name, head in self._heads().items()}

    def offset(self, stream: str) -> int:
        """Return the offset after which the next look at *stream* goes on."""
        return self._now[stream].offset

    def start_at(self, stream: str, offset: int) -> None:
        """Go on after *offset*, or from as far back as the history reaches."""
        self._now[stream] = replace(self._now[stream], offset=max(offset, history.head(stream).floor))

    def look(self) -> list[tuple[str, list[Published]]]:
        """Return what came since the last look, by stream and in order; at most a chunk of each.

        Nothing is left out but what is no longer kept, which *tell* is told. Empty while the database is away.
        """
        try:
            self._relay_what_waits()
            found = [(name, *self._read(name, head)) for name, head in self._heads().items()]
        except (DatabaseError, InterfaceError) as error:
            self._lose(error)
            return []
        if self._away:
            self._away = False
            self._tell("The database answers again.")
        self._now |= {name: place for name, _, place in found}
        return [(name, items) for name, items, _ in found if items]

    def patiently(self, work: Callable[[], T]) -> T:
        """Return what *work* returns, which asks the database; while that is away, wait and do it again."""
        while True:
            try:
                return work()
            except (DatabaseError, InterfaceError) as error:
                self._lose(error)
                self.wait()

    def close(self) -> None:
        """Leave the channel layer. Safe to call twice."""
        if self._alarm is not None:
            self._alarm.stop()

    def wait(self) -> None:
        """Return when something was published, or it is time to look."""
        if self._alarm is None:
            self._woken.wait(TICK_ALONE)
        else:
            self._alarm.wait(TICK)

    def _heads(self) -> dict[str, Head]:
        heads = history.heads()
        return {name: heads[name] for name in self._streams}

    def _read(self, stream: str, head: Head) -> tuple[list[Published], Place]:
        place = self._now[stream]
        if head.epoch != place.epoch or head.offset < place.offset:
            place = self._begin_anew(stream, head, place)
        rows = Publication.objects.filter(stream=stream, offset__gt=place.offset).order_by("offset")
        items = [Published(*row) for row in rows.values_list(*Published._fields)[: history.CHUNK]]
        if not items:
            return items, place
        if items[0].offset > place.offset + 1 and (floor := history.head(stream).floor) > place.offset:
            self._tell(f"{stream}: {floor - place.offset} publications are no longer kept; it goes on after them.")
        last = items[-1]
        return items, Place(place.epoch, last.offset, last.created_at or place.moment)

    def _begin_anew(self, stream: str, head: Head, place: Place) -> Place:
        """Go on by time where offsets say nothing any more: after a restored backup the same one is something else."""
        reason = "epoch_changed" if head.epoch != place.epoch else "the database is behind what was read"
        self._tell(f"{stream}: reset ({reason}); it goes on with what was published after {place.moment.isoformat()}.")
        return Place(head.epoch, offset_at(stream, place.moment), place.moment)

    def _place(self, stream: str, head: Head) -> Place:
        return Place(head.epoch, head.offset, timezone.now())

    def _relay_what_waits(self) -> None:
        """Give offsets to what was pending at the last look already; where a server runs, it was sooner."""
        pending = frozenset(outbox.pending_streams())
        waiting, self._pending = pending & self._pending, pending
        for stream in waiting:
            try:
                items = outbox.relay(stream)
            except (DatabaseError, InterfaceError) as error:  # Another process numbers; or nobody can.
                logger.debug("Relaying %s failed: %s", stream, error)
                connection.close()
                return
            if items and self._alarm is not None:
                self._alarm.send(publications(stream, items, origin=""))

    def _lose(self, error: Exception) -> None:
        connection.close()
        if not self._away:
            self._away = True
            places = ", ".join(f"{name} after {place.offset}" for name, place in self._now.items())
            self._tell(f"The database does not answer: {str(error).strip()} It goes on with {places} when it does.")


class Alarm:
    """A member of the groups of *streams* on the channel layer, in a thread of its own: it wakes who waits."""

    def __init__(self, streams: Collection[str]) -> None:
        self._woken = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._groups = [group_of(stream) for stream in streams]
        self._broker: Broker | None = None
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        self._started.wait()

    def wait(self, seconds: float) -> None:
        """Wait until a server sent something, for *seconds* at most."""
        self._woken.wait(seconds)
        self._woken.clear()

    def stop(self) -> None:
        """Leave the groups and end the thread. Safe to call twice."""
        if not self._loop.is_closed():
            with suppress(RuntimeError):  # It is closed by whoever stopped it before.
                self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(LEAVE)

    def send(self, message: tuple[str, dict[str, Any]]) -> None:
        """Hand a message to the servers; from any thread."""
        if self._broker is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._broker.publish, *message)

    async def _serve(self) -> None:
        layer = get_channel_layer()
        assert layer is not None
        self._broker = Broker(layer, lambda _: self._woken.set())
        for group in self._groups:
            self._broker.join(group)
        await self._broker.start()
        self._started.set()
        await self._ended.wait()
        await self._broker.stop()


def offset_at(stream: str, moment: datetime) -> int:
    """Return the offset after which everything comes that was written after *moment*; the head, where nothing was."""
    head = history.head(stream)
    later = Publication.objects.filter(stream=stream, offset__isnull=False, created_at__gt=moment)
    first = later.aggregate(first=Min("offset"))["first"]
    return head.offset if first is None else first - 1


def backwards(stream: str, through: int) -> Iterator[Published]:
    """Yield the publications of *stream* from the offset *through* back, as far as the history reaches."""
    while found := history.before(stream, through + 1, count=history.CHUNK, size=SCAN_SIZE):
        yield from found
        through = found[-1].offset - 1
