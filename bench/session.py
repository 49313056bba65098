"""One server from start to end, and the measurements made of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.driver import Driver
from bench.load.target import Target
from bench.peers.base import Peer, Place, Running
from bench.plan import Sizes, Step

FIRST = 20
"""Connections before a storm, or before memory is counted: what is made once is not what each connection costs."""
SETTLE = 1.5


@dataclass(frozen=True, slots=True)
class Record:
    """One measurement: of which row of the table, in which repeat, and what came of it."""

    row: str
    scenario: str
    subscribers: int
    repeat: int
    figures: dict[str, Any]


class Session:
    """A generator that speaks to one running server."""

    def __init__(self, peer: Peer, running: Running, place: Place, load: Driver, sizes: Sizes) -> None:
        self._peer = peer
        self._running = running
        self._sessions = tuple(peer.sessions(place))
        self._load = load
        self._sizes = sizes
        self._connected = 0
        self._topics = 0

    def steps(self, steps: list[Step], repeat: int) -> Iterator[Record]:
        """Take the steps one after the other, and yield what each found. Raises: Failed."""
        for step in steps:
            if step.topics != self._topics:
                self.aim(self._peer.keyed if step.topics > 1 else self._peer.single)
                self._topics = step.topics
            if step.scenario == "storm":
                yield Record(self._peer.title, "storm", step.subscribers, repeat, self._storm(step.subscribers))
                continue
            self._grow_to(step.subscribers)
            self._load("subscribe", at_once=self._sizes.at_once)
            for row, route in self._peer.routes.items():
                figures = self._load("measure", what=step.what, route=route, **step.options)
                yield Record(row, step.scenario, step.subscribers, repeat, figures)

    def aim(self, topics: tuple[str, ...], *, sessions: tuple[str, ...] = (), deflate: bool = False) -> None:
        """Turn the generator to this server, with no connections."""
        running = self._running
        self._load.aim(
            Target(
                self._peer.protocol, running.port, running.pids, running.helpers,
                sessions=sessions or self._sessions, topics=topics, deflate=deflate,
            )
        )  # fmt: skip
        self._connected = 0

    def memory(self, count: int, *, deflate: bool) -> dict[str, Any]:
        """Return the bytes that each of *count* idle connections takes."""
        self.aim(self._peer.single, deflate=deflate)
        self._grow_to(FIRST)
        self._load("subscribe", at_once=FIRST)
        before = self._load("memory", settle=SETTLE)["bytes"]
        connected = self._grow_to(count)
        self._load("subscribe", at_once=self._sizes.at_once)
        after = self._load("memory", settle=SETTLE)["bytes"]
        return connected | {"per_connection": (after - before) / (count - FIRST), "subscribers": count}

    def grow_to(self, count: int) -> None:
        """Have *count* connections, all subscribed."""
        self._grow_to(count)
        self._load("subscribe", at_once=self._sizes.at_once)

    def stall(self, count: int) -> None:
        """Have *count* clients more that subscribe and then never read."""
        self._load("stall", count=count, at_once=self._sizes.at_once)

    def measure(self, what: str, route: str, **options: Any) -> dict[str, Any]:
        """Have one measurement made."""
        return self._load("measure", what=what, route=route, **options)

    def idle(self, seconds: float) -> dict[str, Any]:
        """Let the server be."""
        return self._load("idle", seconds=seconds)

    def _storm(self, count: int) -> dict[str, Any]:
        self._grow_to(max(min(FIRST, count // 2), self._connected))
        return self._grow_to(count)

    def _grow_to(self, count: int) -> dict[str, Any]:
        if count <= self._connected:
            return {}
        made = self._load("connect", count=count, at_once=self._sizes.at_once, topics=self._topics or 1)
        if made["failed"]:
            raise ConnectionError(f"{made['failed']} of {count} connections failed: {made['why'][0]}")
        self._connected = count
        return made
