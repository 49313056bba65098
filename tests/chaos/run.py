"""One run: a world, its people and clients, publications and faults, quiet, and the verdict."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.chaos import log, output, people
from tests.chaos.clients import Client, Habits
from tests.chaos.faults import Fault, Faults
from tests.chaos.journal import Journal
from tests.chaos.log import Committed
from tests.chaos.people import People
from tests.chaos.publishers import Publishers
from tests.chaos.sockets import LegacyClient, WebSocketClient
from tests.chaos.streams import EventStreamClient, PollClient
from tests.chaos.verdict import Judge, Verdict
from tests.chaos.world import World

KINDS: Final[dict[str, type[Client]]] = {
    "v1": WebSocketClient,
    "legacy": LegacyClient,
    "sse": EventStreamClient,
    "poll": PollClient,
}
SHARES: Final = {"v1": 0.4, "legacy": 0.35, "sse": 0.15, "poll": 0.1}
TOPICS: Final = (
    ("notifications", "inventory", "jobs"),
    ("notifications", "inventory", "jobs", "jobs:{lasting}"),
    ("all",),
    ("notifications", "jobs:{first}", "jobs:{second}"),
    ("all", "jobs:{first}"),
    ("notifications", "inventory", "jobs:{lasting}"),
    ("notifications", "jobs", "jobs:{first}"),
)
"""What clients follow; the jobs are those of `output.named`."""
SETTLE: Final = 60.0
"""Seconds for the clients to connect at first."""
LEAD: Final = 2.0
"""Seconds of publishing before the first fault, and after the last one."""
PAUSE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked to do. Times are in seconds."""

    seconds: float = 30.0
    seed: int = 1
    clients: int = 200
    rate: float = 30.0
    longest: float = 2.0
    quiet: float = 30.0
    fill_gaps: bool = True
    only: tuple[str, ...] = ()
    """Kinds of faults; none stands for all."""


@dataclass(slots=True)
class Outcome:
    """What happened, for the report."""

    options: Options
    began: float = 0.0
    ended: float = 0.0
    journals: list[Journal] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    appends: Counter[str] = field(default_factory=Counter)
    answered: dict[str, int] = field(default_factory=dict)
    """By job the number of the line that its reporter was told to come next."""
    late: list[str] = field(default_factory=list)
    """Clients that had not everything when the time for quiet was over."""
    committed: Committed | None = None
    verdict: Verdict = field(default_factory=Verdict)
    compared: dict[str, dict[str, int]] = field(default_factory=dict)
    """Counts of what was compared beside deliveries, by subject."""
    logs: dict[str, Counter[str]] = field(default_factory=dict)


async def run(world: World, options: Options) -> Outcome:
    """Run it. Everything that was started ends, also when this fails or is cancelled."""
    outcome = Outcome(options)
    chance = random.Random(f"clients-{options.seed}")
    everyone = await asyncio.to_thread(people.create, chance)
    await asyncio.to_thread(world.start_nodes)
    named = output.named(options.seed, options.seconds)
    clients = list(_clients(world, everyone, options, chance))
    outcome.journals = [client.journal for client in clients]
    publishers = Publishers(world, everyone, outcome.journals, options.rate, named)
    try:
        for client in clients:
            client.start()
        await _until(lambda: all(client.journal.segments for client in clients), SETTLE, "every client connected")
        await _load(world, everyone, publishers, clients, outcome)
        await _quiet(world, everyone, clients, outcome)
    finally:
        await asyncio.gather(*(client.stop() for client in clients))
    outcome.committed = await asyncio.to_thread(log.read, world.postgres)
    outcome.verdict = Judge(outcome.committed, everyone.groups).judge(outcome.journals)
    return outcome


async def _load(
    world: World, everyone: People, publishers: Publishers, clients: list[Client], outcome: Outcome
) -> None:
    """Publish, with faults in between."""
    await publishers.start()
    outcome.began = time.time()
    faults = Faults(world, everyone, publishers, clients, outcome.options.longest, outcome.options.only)
    outcome.faults = faults.happened
    loop = asyncio.get_running_loop()
    end = loop.time() + outcome.options.seconds
    await asyncio.sleep(LEAD)
    await faults.run(end - LEAD)
    await asyncio.sleep(max(0.0, end - loop.time()))
    outcome.ended = time.time()
    outcome.answers = publishers.rest.answers
    outcome.appends, outcome.answered = publishers.reporters.counts, publishers.reporters.answered
    await publishers.stop()


async def _quiet(world: World, everyone: People, clients: list[Client], outcome: Outcome) -> None:
    """Wait until nothing is pending and every client has come to the end, or the time for it is over."""
    for client in clients:
        client.settle()
    end = time.monotonic() + outcome.options.quiet
    while True:
        waiting = await asyncio.to_thread(log.pending, world.postgres)
        committed = await asyncio.to_thread(log.read, world.postgres)
        judge = Judge(committed, everyone.groups)
        outcome.late = [_ends(client.journal) for client in clients if not _has_all(client.journal, committed, judge)]
        if (not waiting and not outcome.late) or time.monotonic() > end:
            break
        await asyncio.sleep(PAUSE)
    await asyncio.sleep(1.0)  # What would now come twice shall have the time to.


def _ends(journal: Journal) -> str:
    reasons = ", ".join(f"{count} × {reason}" for reason, count in journal.ends.most_common(3))
    return f"{journal.name} (its connections ended: {reasons})"


def _has_all(journal: Journal, committed: Committed, judge: Judge) -> bool:
    for stream, entries in committed.logs.items():
        if (follows := journal.follows(stream)) is None:
            continue
        segment = journal.current(stream)
        if segment is None or not segment.epoch:
            return False
        audiences = judge.audiences(journal.user_id, stream, segment.epoch)
        if audiences is None:
            return False
        missing = entries.after(segment.reached, audiences, follows)
        if any(entries.entries[offset - 1].id not in segment.covered for offset in missing):
            return False
    return True


def _clients(world: World, everyone: People, options: Options, chance: random.Random) -> Iterator[Client]:
    ports = [node.port for node in world.nodes]
    named = output.named(options.seed, options.seconds)
    number = 0
    for kind, share in SHARES.items():
        for place in range(round(options.clients * share)):
            person = everyone.users[number % len(everyone.users)]
            number += 1
            topics = _topics(place, named)
            habits = _habits(place)
            name = f"{kind}{place} of {person.name}"
            journal = Journal(name, kind, person.id, topics, fickle=habits != Habits())
            yield KINDS[kind](journal, person.session, ports, habits, chance)


def _topics(place: int, named: Sequence[str]) -> list[str]:
    """Return what the client at *place* follows; over all of them, each job has about as many followers."""
    lasting, others = named[0], named[1:]
    jobs = {"lasting": lasting, "first": others[place % len(others)], "second": others[(place + 1) % len(others)]}
    return [name.format(**jobs) for name in TOPICS[place % len(TOPICS)]]


def _habits(place: int) -> Habits:
    """Let every tenth client come and go, and every twelfth read slowly."""
    if place % 10 == 3:
        return Habits(goes_after=4.0)
    return Habits(dozes_after=3.0) if place % 12 == 5 else Habits()


async def _until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        await asyncio.sleep(0.05)
