"""What of a snapshot is the same for everyone in an audience: built once per change, not once per connection."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from realtime import history
from realtime.snapshots import Start

T = TypeVar("T")
AUDIENCES: Final = 256
"""Audiences that are kept; those that were asked for longest ago go first."""
AGE: Final = 30.0
"""Seconds after which a part is built anew though nothing was published: a write past the signals shows by then."""


@dataclass(slots=True)
class _Part(Generic[T]):
    """What was built for one audience; right at `offset`, with `pending` (ids) already in it."""

    value: T
    offset: int
    pending: frozenset[int]
    built_at: float


class Shared(Generic[T]):
    """One value for each audience of a stream, kept for as long as nothing is published to that audience.

    *build* must return what depends on changes that are published to the audience alone. Thread-safe; whoever asks
    while a part is being built waits for it instead of building the same.
    """

    def __init__(self, stream: str, build: Callable[[str], T], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._build = build
        self._clock = clock
        self._epoch = ""
        self._parts: OrderedDict[str, _Part[T]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, start: Start, audiences: Collection[str]) -> Mapping[str, T]:
        """Return the value for each of *audiences* as it is at *start*.

        Call it inside the consistent read that *start* was taken in. Raises: DatabaseError.
        """
        pending = {name: frozenset(item.id for item in start.waiting if item.audience == name) for name in audiences}
        with self._lock:
            if self._epoch != start.head.epoch:
                self._parts.clear()
                self._epoch = start.head.epoch
            touched = self._touched(start, audiences)
            return {name: self._part(name, start, pending[name], touched.get(name, 0)).value for name in audiences}

    def _touched(self, start: Start, audiences: Collection[str]) -> Mapping[str, int]:
        """Return the newest offset of each audience since the oldest of the parts that may be used."""
        offsets = [self._parts[name].offset for name in audiences if name in self._parts]
        if not offsets or min(offsets) >= start.head.offset:
            return {}
        return history.newest_by_audience(self._stream, after=min(offsets), through=start.head.offset)

    def _part(self, name: str, start: Start, pending: frozenset[int], newest: int) -> _Part[T]:
        kept = self._parts.get(name)
        if kept is not None and self._holds(kept, start, pending, newest):
            kept.offset = start.head.offset
            self._parts.move_to_end(name)
            return kept
        built = _Part(self._build(name), start.head.offset, pending, self._clock())
        if kept is None or kept.offset <= built.offset:  # A reader of an older state takes nothing away.
            self._parts[name] = built
            self._parts.move_to_end(name)
            while len(self._parts) > AUDIENCES:
                self._parts.popitem(last=False)
        return built

    def _holds(self, kept: _Part[T], start: Start, pending: frozenset[int], newest: int) -> bool:
        """Say whether *kept* is still what *build* would return at *start*."""
        known = start.head.floor <= kept.offset <= start.head.offset  # Pruned publications tell nothing any more.
        return known and newest <= kept.offset and kept.pending == pending and self._clock() - kept.built_at < AGE
