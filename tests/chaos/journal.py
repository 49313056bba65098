"""What one client was told, in the order in which it came: positions, publications, outages."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from tests.chaos.apps import COVERED
from tests.chaos.held import Held
from tests.chaos.log import Follows
from tests.chaos.output import Printed
from tests.chaos.state import State

UNKNOWN: Final = -1
"""The base of a segment that began at the stream's head, before its position was told."""


@dataclass(slots=True)
class Segment:
    """What continued one position without interruption, over as many connections as it took.

    `covered` are the ids of publications without an offset that the snapshot at `base` already contained.
    """

    epoch: str
    base: int
    began: float
    covered: frozenset[int] = frozenset()
    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[float]" = field(default_factory=lambda: array("d"))
    ended: float | None = None
    reached: int = 0
    """The highest position that the client holds."""


@dataclass(slots=True)
class Outage:
    """A time without a connection. `slept` is what the client waited of its own accord."""

    lost: float
    back: float
    slept: float


class Journal:
    """One client's record, and its state as the rules for clients make it."""

    def __init__(self, name: str, kind: str, user_id: int, topics: Sequence[str], *, fickle: bool = False) -> None:
        self.name = name
        self.kind = kind
        self.user_id = user_id
        self.fickle = fickle
        """Whether it goes or dozes of its own accord, so that how long things take says nothing."""
        self.topics = tuple(topics)
        self.segments: dict[str, list[Segment]] = {}
        self.outages: list[Outage] = []
        self.state = State()
        self.objects = {"inventory": Held(), "jobs": Held()}
        self.printed = Printed()
        self.resets: Counter[str] = Counter()
        self.violations: list[str] = []
        self.ends: Counter[str] = Counter()
        """Why its connections ended, in the server's words or the client's."""

    def follows(self, stream: str) -> Follows | None:
        """Return what the client follows of *stream*; None where it does not follow it."""
        found = [name.partition(":")[2] for name in self.topics if name.partition(":")[0] in {stream, "all"}]
        named = frozenset(found) - {""}
        details = None if self.kind == "legacy" else named
        return Follows(None if "" in found else named, details) if found else None

    def current(self, stream: str) -> Segment | None:
        """Return the segment that goes on, if any."""
        made = self.segments.get(stream)
        return made[-1] if made and made[-1].ended is None else None

    def since(self) -> dict[str, dict[str, Any]]:
        """Return the positions that the client would resume from, by topic as subscribed."""
        held: dict[str, dict[str, Any]] = {}
        for stream in self.segments:
            if segment := self.current(stream):
                name = next((name for name in self.topics if name.partition(":")[0] == stream), stream)
                held[name] = {"offset": segment.reached, "epoch": segment.epoch}
        return held

    def snapshot(self, message: Mapping[str, Any], now: float) -> None:
        """Begin anew at a snapshot's or an initial state's positions."""
        data = message["data"]
        for name, position in message["positions"].items():
            stream = name.partition(":")[0]
            covered = frozenset(data.get(f"{COVERED}:{stream}", ()))
            self._begin(
                stream, Segment(position["epoch"], position["offset"], now, covered, reached=position["offset"])
            )
        if "notifications" in data:
            self.state.replace(data)
        elif "topic" in message:
            stream, _, key = message["topic"].partition(":")
            self._take_objects(stream, key, data)

    def reset(self, message: Mapping[str, Any]) -> None:
        """Note that a position cannot be continued; a snapshot follows.

        That of all jobs has no output, so that an older client, which follows output there, cannot know what it missed.
        """
        self.resets[message["reason"]] += 1
        if self.kind == "legacy" and message["topic"] in {"jobs", "all"}:
            self.printed.forget()

    def subscribed(self, positions: Mapping[str, Mapping[str, Any]], now: float) -> None:
        """Take the positions of a `subscription`: where a topic began at the head, or how far a known one has come."""
        for name, position in positions.items():
            stream = name.partition(":")[0]
            segment = self.current(stream)
            if segment is None:
                segment = Segment(position["epoch"], position["offset"], now)
                self._begin(stream, segment)
            elif segment.base == UNKNOWN and not segment.epoch:
                segment.base, segment.epoch = segment.offsets[0] - 1, position["epoch"]
            elif segment.epoch != position["epoch"]:
                self.violations.append(f"{stream}: the epoch changed without a snapshot")
                continue
            segment.reached = max(segment.reached, position["offset"])

    def message(self, message: Mapping[str, Any], now: float) -> None:
        """Note a publication and apply it."""
        stream, offset = message["topic"], message["offset"]
        segment = self.current(stream)
        if segment is None:
            segment = Segment("", UNKNOWN, now)
            self._begin(stream, segment)
        segment.offsets.append(offset)
        segment.times.append(now)
        segment.reached = max(segment.reached, offset)
        if stream == "notifications":
            self.state.apply(message)
        elif message.get("action") == "output":
            self.printed.output(message)
        elif "data" in message:
            self.objects[stream].apply(message)

    def forget(self, streams: Sequence[str], now: float) -> None:
        """End the segments of *streams* and drop their objects: this client does not resume them."""
        self._end(streams, now)
        self.printed.forget()
        for stream in streams:
            if stream in self.objects:
                self.objects[stream].forget()

    def _take_objects(self, stream: str, key: str, data: Mapping[str, Any]) -> None:
        """Take a snapshot of all of *stream*, or of the one job *key* with what it printed."""
        if key:
            self.objects[stream].take(key, data["job"])
            self.printed.snapshot(key, data)
        elif stream in self.objects:
            kinds = [objects for name, objects in data.items() if not name.startswith(COVERED)]
            self.objects[stream].replace(chain.from_iterable(kinds))

    def _begin(self, stream: str, segment: Segment) -> None:
        self._end([stream], segment.began)
        self.segments.setdefault(stream, []).append(segment)

    def _end(self, streams: Sequence[str], now: float) -> None:
        for stream in streams:
            if segment := self.current(stream):
                segment.ended = now
