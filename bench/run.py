"""The whole run: repeats, in each of them every peer after the other."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from bench import estimate, plan, product_runs, results
from bench.driver import Driver, Failed
from bench.peers.base import Peer, Place
from bench.plan import Sizes
from bench.session import Record, Session

ERRORS = (Failed, ConnectionError, TimeoutError, RuntimeError)


@dataclass(slots=True)
class Outcome:
    """What was found, and what could not be measured and why."""

    records: list[Record] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


class Run:
    """Measures peers at one place with one generator."""

    def __init__(self, place: Place, load: Driver, sizes: Sizes, scenarios: tuple[str, ...]) -> None:
        self._place = place
        self._load = load
        self._sizes = sizes
        self._scenarios = scenarios
        self._began = time.monotonic()
        self._expected = 0.0
        self.outcome = Outcome()

    def all(self, peers: list[Peer]) -> Outcome:
        """Measure *peers*; whoever is absent is noted, and a failure ends one session alone."""
        present = [peer for peer in peers if self._is_present(peer)]
        self._expected = estimate.seconds(present, self._sizes, self._scenarios)
        say(f"This will take about {self._expected / 60:.0f} min on an idle machine.")
        for repeat in range(self._sizes.repeats):
            for peer in present:
                self._attempt(f"{peer.title}, {self._turn(repeat)}", lambda: self._session(peer, repeat))  # noqa: B023
            if any(peer.name == "aether" for peer in present) and set(plan.AETHER_ONLY) & set(self._scenarios):
                self._attempt(f"Aether alone, {self._turn(repeat)}", lambda: self._aether(repeat))  # noqa: B023
        if "memory" in self._scenarios:
            for peer in present:
                self._attempt(f"{peer.title}, memory", lambda: self._memory(peer))  # noqa: B023
        return self.outcome

    def _turn(self, repeat: int) -> str:
        return f"repeat {repeat + 1} of {self._sizes.repeats}"

    def _is_present(self, peer: Peer) -> bool:
        if reason := peer.absent():
            self.outcome.absent[peer.title] = reason
            say(f"{peer.title} is absent: {reason}")
            return False
        self.outcome.versions[peer.title] = peer.version()
        return True

    def _attempt(self, what: str, work: Callable[[], Iterator[Record]]) -> None:
        passed = time.monotonic() - self._began
        say(f"[{passed / 60:.0f} of about {self._expected / 60:.0f} min] {what}")
        try:
            for record in work():
                self.outcome.records.append(record)
                say(f"  {record.row}: {record.scenario}, {record.subscribers:,}: {results.brief(record)}")
        except ERRORS as error:
            self.outcome.failures.append(f"{what}: {error}")
            say(f"{what} FAILED: {error}")

    def _session(self, peer: Peer, repeat: int) -> Iterator[Record]:
        for steps in plan.sessions(self._sizes, self._scenarios, heavy=peer.heavy, again=repeat > 0):
            with peer.start(self._place) as running:
                yield from Session(peer, running, self._place, self._load, self._sizes).steps(steps, repeat)

    def _memory(self, peer: Peer) -> Iterator[Record]:
        for compression, env in peer.compressions.items():
            with peer.start(self._place, **env) as running:
                session = Session(peer, running, self._place, self._load, self._sizes)
                figures = session.memory(self._sizes.idle, deflate=compression == "on")
            row = peer.title if len(peer.compressions) == 1 else f"{peer.title}, compression {compression}"
            yield Record(row, "memory", self._sizes.idle, 0, figures)

    def _aether(self, repeat: int) -> Iterator[Record]:
        for record in product_runs.run(self._scenarios, self._place, self._load, self._sizes):
            yield replace(record, repeat=repeat)


def say(text: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
