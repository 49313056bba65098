"""What this process counts of its own work: plain numbers, so that counting costs next to nothing.

`realtime.metrics` names them and reads them. Pure: standard library only.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from realtime.errors import CloseCode

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""From one millisecond to what nobody should ever wait."""
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


class Histogram:
    """How many observations fell up to each of *bounds*, and their sum. For one thread; others may read it."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one observation; what is negative, by a clock that differs, counts as none at all."""
        value = max(value, 0.0)
        self._counts[bisect_left(self.bounds, value)] += 1
        self._sum += value

    @property
    def numbers(self) -> list[float]:
        """The count of each bucket by itself, that of what lies above all bounds, and the sum."""
        return [*self._counts, self._sum]


class Tally:
    """How often each of a few labels occurred. Callable from any thread."""

    def __init__(self, labels: Iterable[str] = ()) -> None:
        """Begin with 0 for those *labels* that are known before, so that a first one shows as an increase."""
        self._counts = dict.fromkeys(labels, 0)
        self._lock = threading.Lock()

    def add(self, label: str, count: int = 1) -> None:
        """Count *count* more of *label*, which must be one of a few that the program itself knows."""
        with self._lock:
            self._counts[label] = self._counts.get(label, 0) + count

    @property
    def counts(self) -> dict[str, int]:
        """The counts so far."""
        with self._lock:
            return dict(self._counts)


@dataclass(slots=True)
class FanOut:
    """What a hub has done since it began. Only its event loop writes here."""

    rounds: int = 0
    publications: int = 0
    """Publications that went out in those rounds: their quotient is the size of a batch."""
    deliveries: int = 0
    """Writes to a client's sink."""
    delays: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    """From when a publication's row was written until it had gone to every socket here that may see it."""

    def written(self, written_at: Iterable[float], now: float) -> None:
        """Note that publications have gone out whose rows are of *written_at*; all are Unix times."""
        for moment in written_at:
            self.delays.observe(now - moment)


class Counters:
    """One process's counts. Whoever does the work adds to them."""

    def __init__(self) -> None:
        self.relayed = Tally()
        """Publications that got their offset here, by topic."""
        self.batches = Histogram(SIZES)
        """Publications numbered in one transaction."""
        self.scans = Histogram(SECONDS)
        """How long the search for pending publications takes."""
        self.gaps = 0
        self.filled = 0
        """Publications that came from the database because no message brought them."""
        self.resumes = Tally(["recovered", "window_exceeded", "epoch_changed", "audience_changed"])
        self.resets = Tally(["window_exceeded", "epoch_changed", "audience_changed"])
        self.replayed = 0
        self.snapshots = Tally()
        self.parts = Tally(["built", "kept"])
        """Parts of snapshots that are the same for many: built for the first, kept for the others."""
        self.closes = Tally(str(code.value) for code in CloseCode)
        """Connections closed from this side, by close code."""
        self.refusals = Tally()
        self.lag = Histogram(SECONDS)
        """How late the event loop wakes up who slept."""


counters = Counters()
"""This process's."""
