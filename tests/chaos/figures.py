"""How long things took: from commit to client, and until a fault was over for a client."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from tests.chaos.faults import Fault
from tests.chaos.journal import UNKNOWN, Journal
from tests.chaos.log import Committed

AFTER: Final = 1.0
"""Seconds after a fault in which publications still count as hit by it."""
STEADY: Final = frozenset({"v1", "legacy", "sse"})
"""Kinds whose deliveries are timed; a poll comes when its client asks."""

Delivery = tuple[float, float]
"""When a publication was written, and when a client had it."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* of the sorted *values* lie."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def is_timed(journal: Journal) -> bool:
    """Say whether this client's deliveries show how fast the server is."""
    return journal.kind in STEADY and not journal.fickle


def deliveries(journal: Journal, committed: Committed) -> list[Delivery]:
    """Return every delivery that came live or by replay, in order of writing."""
    found: list[Delivery] = []
    for stream, segments in journal.segments.items():
        log = committed.logs[stream]
        for segment in segments:
            if segment.base != UNKNOWN:
                pairs = zip(segment.offsets, segment.times, strict=True)
                found += [(entry.at, at) for offset, at in pairs if (entry := log.at(offset))]
    return sorted(found)


def recoveries(faults: Iterable[Fault], journals: Iterable[Journal], committed: Committed) -> dict[str, list[float]]:
    """Return, by kind of fault, how long after its end each client had all that was written while it lasted.

    Seconds; one value for each fault and client that got something then. What a client waited of its own accord before
    it connected again is taken off.
    """
    found: dict[str, list[float]] = {}
    timed = [(journal, deliveries(journal, committed)) for journal in journals if is_timed(journal)]
    for fault in faults:
        values = found.setdefault(fault.kind, [])
        for journal, items in timed:
            late = _late(items, fault)
            if late is not None:
                values.append(max(0.0, late - _slept(journal, fault)))
    return {kind: sorted(values) for kind, values in found.items()}


def delays(faults: Iterable[Fault], journals: Iterable[Journal], committed: Committed) -> dict[str, list[float]]:
    """Return, by kind of fault, how long each delivery took of what was written while such a fault lasted. Seconds."""
    found: dict[str, list[float]] = {}
    timed = [deliveries(journal, committed) for journal in journals if is_timed(journal)]
    for fault in faults:
        values = found.setdefault(fault.kind, [])
        for items in timed:
            start, end = bisect_left(items, (fault.began, 0.0)), bisect_left(items, (fault.over, 0.0))
            values += [max(0.0, got - written) for written, got in items[start:end]]
    return {kind: sorted(values) for kind, values in found.items()}


def _late(items: Sequence[Delivery], fault: Fault) -> float | None:
    start = bisect_left(items, (fault.began, 0.0))
    end = bisect_left(items, (fault.over + AFTER, 0.0))
    return max((got - max(written, fault.over) for written, got in items[start:end]), default=None)


def _slept(journal: Journal, fault: Fault) -> float:
    return sum(outage.slept for outage in journal.outages if fault.began - 0.5 <= outage.lost <= fault.over + AFTER)
