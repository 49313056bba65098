"""Let Hypothesis make inputs by the thousand, and feed them to one server."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import uvloop
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.bounds import GROWTH, WARM_UP
from tests.fuzz.handshakes import follow, handshakes, knock, queries
from tests.fuzz.inputs import BURST, bursts
from tests.fuzz.sockets import Sockets
from tests.fuzz.target import ServerFailed, Target

ROUND: Final = 4_000
"""Inputs that Hypothesis makes at a time: it remembers all of a round."""
HANDSHAKES: Final = 0.05
QUERIES: Final = 0.05
"""Parts of the inputs that are no frames."""


@dataclass(slots=True)
class Outcome:
    """What was sent, and what became of the server's memory (KiB)."""

    inputs: int = 0
    seconds: float = 0.0
    connections: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    memory: list[int] = field(default_factory=list)

    @property
    def growth(self) -> int:
        """How much the server's memory grew after the warm-up, in KiB."""
        return self.memory[-1] - self.memory[0]


class Fuzzing:
    """One run over one server."""

    def __init__(self, target: Target, count: int, start: int, progress: Callable[[str], Any]) -> None:
        self.outcome = Outcome()
        self._target = target
        self._count = count
        self._seed = start
        self._progress = progress
        self._sockets = Sockets(target, start)
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)

    def run(self) -> Outcome:
        """Send all inputs. Raises: ServerFailed."""
        began = monotonic()
        cursors = self._target.cursors("ann"), self._target.cursors("ben")
        families = (
            ((1 - HANDSHAKES - QUERIES) / BURST, bursts(), self._sockets.feed_all),
            (HANDSHAKES, handshakes(self._target.host), lambda head: knock(self._target, head)),
            (QUERIES, queries(cursors), lambda query: follow(self._target, query)),
        )
        with self._runner:
            for number in range(-(-self._count // ROUND)):
                size = min(ROUND, self._count - number * ROUND)
                for share, strategy, feed in families:
                    self._round(self._seed + number, round(size * share), strategy, feed)
                    self._sockets.leave()  # Meanwhile nobody would answer the server's pings.
                self._measure(monotonic() - began)
        self._check_memory()
        return self.outcome

    def _round(self, at: int, size: int, strategy: st.SearchStrategy[Any], feed: Callable[[Any], Any]) -> None:
        @seed(at)
        @settings(
            max_examples=size,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def one(item: Any) -> None:
            self._runner.run(feed(item))
            self._target.check_log()
            self.outcome.inputs += len(item) if isinstance(item, list) else 1

        one()

    def _measure(self, seconds: float) -> None:
        outcome = self.outcome
        outcome.seconds, outcome.connections = seconds, self._sockets.connections
        outcome.kinds = dict(self._sockets.kinds.most_common())
        if outcome.inputs >= WARM_UP * self._count:
            outcome.memory.append(self._target.memory())
        self._progress(
            f"{outcome.inputs:>8,} inputs  {seconds:6.1f} s  {outcome.connections:>6,} connections"
            f"  {self._target.memory() / 1024:6.1f} MiB"
        )

    def _check_memory(self) -> None:
        if self.outcome.growth > GROWTH:
            raise ServerFailed(f"The server's memory grew by {self.outcome.growth} KiB; at most {GROWTH} were allowed.")
