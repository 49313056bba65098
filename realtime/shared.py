"""What of a snapshot is the same for everyone in an audience: built once per change, not once per connection."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from realtime import history
from realtime.counters import counters
from realtime.snapshots import Start

T = TypeVar("T")
SIZE: Final = 32 * 1024 * 1024
"""Characters that are kept at most, as *weigh* counts them; what was asked for longest ago goes first."""
AGE: Final = 30.0
"""Seconds after which a part is built anew though nothing was published: a write past the signals shows by then."""


@dataclass(slots=True)
class _Part(Generic[T]):
    """What was built for one audience; right at `offset`, with `pending` (ids) already in it."""

    value: T
    offset: int
    pending: frozenset[int]
    built_at: float
    size: int


class Shared(Generic[T]):
    """One value for each audience of a stream, kept for as long as nothing is published to that audience.

    *build* must return, for each of some audiences, what depends on changes that are published to the audience alone,
    and *weigh* about how many characters that holds. Thread-safe; whoever asks while a part is being built waits for it
    instead of building the same.
    """

    def __init__(
        self,
        stream: str,
        build: Callable[[Collection[str]], Mapping[str, T]],
        weigh: Callable[[T], int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._build = build
        self._weigh = weigh
        self._size = 0
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
                self._size = 0
                self._epoch = start.head.epoch
            touched = self._touched(start, audiences)
            found = {name: self._kept(name, start, pending[name], touched.get(name, 0)) for name in audiences}
            if missing := [name for name, part in found.items() if part is None]:
                found |= self._built(missing, start, pending)
            return {name: part.value for name, part in found.items() if part is not None}

    def _touched(self, start: Start, audiences: Collection[str]) -> Mapping[str, int]:
        """Return the newest offset of each audience since the oldest of the parts that may be used."""
        kept = {name: self._parts[name].offset for name in audiences if self._is_young(self._parts.get(name), start)}
        if not kept or min(kept.values()) >= start.head.offset:
            return {}
        return history.newest_by_audience(self._stream, kept, after=min(kept.values()), through=start.head.offset)

    def _kept(self, name: str, start: Start, pending: frozenset[int], newest: int) -> _Part[T] | None:
        kept = self._parts.get(name)
        if kept is None or not self._holds(kept, start, pending, newest):
            return None
        kept.offset = start.head.offset
        counters.parts.add("kept")
        self._parts.move_to_end(name)
        return kept

    def _built(
        self, names: Sequence[str], start: Start, pending: Mapping[str, frozenset[int]]
    ) -> Mapping[str, _Part[T]]:
        counters.parts.add("built", len(names))
        built: dict[str, _Part[T]] = {}
        for name, value in self._build(names).items():
            part = _Part(value, start.head.offset, pending[name], self._clock(), self._weigh(value))
            kept, built[name] = self._parts.get(name), part
            if kept is None or kept.offset <= part.offset:  # A reader of an older state takes nothing away.
                self._keep(name, part)
        return built

    def _keep(self, name: str, built: _Part[T]) -> None:
        before = self._parts.pop(name, None)
        self._parts[name] = built
        self._size += built.size - (before.size if before is not None else 0)
        while len(self._parts) > 1 and self._size > SIZE:
            self._size -= self._parts.popitem(last=False)[1].size

    def _is_young(self, kept: _Part[T] | None, start: Start) -> bool:
        """Say whether what was published since can tell if *kept* still holds: pruned publications tell nothing."""
        return (
            kept is not None
            and start.head.floor <= kept.offset <= start.head.offset
            and self._clock() - kept.built_at < AGE
        )

    def _holds(self, kept: _Part[T], start: Start, pending: frozenset[int], newest: int) -> bool:
        """Say whether *kept* is still what *build* would return at *start*."""
        return self._is_young(kept, start) and newest <= kept.offset and kept.pending == pending
