"""What goes wrong: a seeded schedule, and how each kind is done to real processes."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.chaos.clients import Client
from tests.chaos.lossy import FLAG
from tests.chaos.people import People
from tests.chaos.processes import wait_for
from tests.chaos.publishers import Publishers
from tests.chaos.world import Node, World

SHARE_AT_ONCE: Final = 0.25
"""How often a fault meets another one that is still under way."""
READY: Final = 60.0
OBEYED: Final = 1.5
"""Seconds for a node to come to the moment in which it shall die; after that it is killed anyhow."""


@dataclass(slots=True)
class Fault:
    """One fault as it happened. `over` is when everything that was taken away had been given back."""

    kind: str
    began: float
    over: float


class Faults:
    """Do faults one after the other, sometimes two at once; *longest* bounds each in seconds."""

    def __init__(
        self,
        world: World,
        people: People,
        publishers: Publishers,
        clients: Sequence[Client],
        longest: float,
        only: Sequence[str] = (),
    ) -> None:
        self.happened: list[Fault] = []
        self._world = world
        self._people = people
        self._publishers = publishers
        self._clients = clients
        self._longest = longest
        self._chance = random.Random(f"faults-{world.seed}")
        self._busy: set[str] = set()
        self.kinds: dict[str, tuple[str, Callable[[], Awaitable[float | None]]]] = {
            "node killed": ("node", self.kill_node),
            "node killed in a relay": ("node", lambda: self.kill_node("die in relay")),
            "node killed after a relay": ("node", lambda: self.kill_node("die after relay")),
            "node restarted": ("node", self.restart_node),
            "node stopped": ("node", self.stop_node),
            "node stopped in a relay": ("node", lambda: self.stop_node("stop in relay")),
            "valkey killed": ("valkey", self.kill_valkey),
            "valkey emptied": ("valkey", self.empty_valkey),
            "valkey frozen": ("valkey", self.freeze_valkey),
            "postgres crashed": ("postgres", self.crash_postgres),
            "old snapshot": ("postgres", self.hold_snapshot),
            "sockets cut": ("sockets", self.cut_sockets),
            "groups changed": ("groups", self.change_groups),
            "messages lost": ("messages", self.lose_messages),
        }
        if only:
            self.kinds = {kind: self.kinds[kind] for kind in only}

    async def run(self, until: float) -> None:
        """Let every kind happen in random order, again and again, until the loop's clock says *until*."""
        loop = asyncio.get_running_loop()
        under_way: list[asyncio.Task[None]] = []
        order: list[str] = []
        try:
            while loop.time() < until:
                if not order:
                    order = self._chance.sample(list(self.kinds), len(self.kinds))
                kind = self._next(order)
                order.remove(kind)
                under_way.append(asyncio.create_task(self._do(kind)))
                if self._chance.random() > SHARE_AT_ONCE or len(self._busy) > 1:
                    await asyncio.gather(*under_way)
                    under_way.clear()
                await asyncio.sleep(self._chance.uniform(0.1, 0.6))
            await asyncio.gather(*under_way)
        finally:
            for task in under_way:
                task.cancel()

    def _next(self, order: Sequence[str]) -> str:
        free = [kind for kind in order if self.kinds[kind][0] not in self._busy]
        return (free or list(order))[0]

    async def _do(self, kind: str) -> None:
        part, work = self.kinds[kind]
        while part in self._busy:  # noqa: ASYNC110  Seldom, and for a moment.
            await asyncio.sleep(0.05)
        self._busy.add(part)
        began = time.time()
        try:
            over = await work()
        finally:
            self._busy.discard(part)
        self.happened.append(Fault(kind, began, over or time.time()))

    def _span(self) -> float:
        return self._chance.uniform(0.2, 1.0) * self._longest

    async def kill_node(self, order: str = "") -> float:
        """SIGKILL a node, at any time or at an exact moment; the others are there at once, so it is over at once."""
        node = self._chance.choice(self._world.nodes)
        if order:
            await self._give(node, order, lambda: not node.process.alive)
        await asyncio.to_thread(node.process.kill)
        over = time.time()
        await self._start(node)
        return over

    async def restart_node(self) -> None:
        """End a node as an upgrade does, so that it hands its clients over, and start it again."""
        node = self._chance.choice(self._world.nodes)
        await asyncio.to_thread(node.process.end, signal.SIGTERM, 20)
        await self._start(node)

    async def stop_node(self, order: str = "") -> None:
        """SIGSTOP a node for a while: its sockets stay open and nothing moves."""
        node = self._chance.choice(self._world.nodes)
        if order:
            await self._give(node, order, lambda: not node.order.exists())
            node.order.unlink(missing_ok=True)  # Else it would stop by itself later, with nobody to wake it.
        node.process.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(self._span())
        finally:
            for _ in range(3):  # It may have been about to stop by itself.
                node.process.send(signal.SIGCONT)
                await asyncio.sleep(0.05)

    async def kill_valkey(self) -> None:
        """SIGKILL Valkey; it stays away for a while."""
        await asyncio.to_thread(self._world.valkey.kill)
        await asyncio.sleep(self._span())
        self._world.start_valkey()

    async def empty_valkey(self) -> None:
        """Restart Valkey with nothing in it."""
        await asyncio.to_thread(self._world.valkey.end, signal.SIGTERM, 5)
        self._world.empty_valkey()
        self._world.start_valkey()

    async def freeze_valkey(self) -> None:
        """SIGSTOP Valkey: connections stay open and nothing answers."""
        self._world.valkey.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(self._span())
        finally:
            self._world.valkey.send(signal.SIGCONT)

    async def crash_postgres(self) -> None:
        """Stop PostgreSQL in immediate mode and start it again."""
        await asyncio.to_thread(self._world.postgres.crash)
        await asyncio.sleep(self._span() * 0.3)
        await asyncio.to_thread(self._world.postgres.start)

    async def hold_snapshot(self) -> None:
        """Leave an old snapshot open, so that no dead row can be cleaned up."""
        connection = await asyncio.to_thread(self._world.postgres.connect)
        try:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            connection.execute("SELECT COUNT(*) FROM realtime_publication")
            await asyncio.sleep(self._span() * 2)
        finally:
            connection.close()

    async def cut_sockets(self) -> float:
        """Drop a third of the clients' connections at once."""
        for client in self._chance.sample(list(self._clients), len(self._clients) // 3):
            client.cut()
        return time.time()

    async def change_groups(self) -> None:
        """Let some people join or leave user groups."""
        movers = [person for person in self._people.users if person.moves]
        for person in self._chance.sample(movers, 3):
            group = self._chance.choice(list(self._people.groups))
            self._publishers.move(person, group, join=self._chance.random() < 0.5)
            await asyncio.sleep(0.1)

    async def lose_messages(self) -> None:
        """Lose, repeat and reorder what the nodes send each other."""
        flag = self._world.directory / FLAG
        flag.touch()
        try:
            await asyncio.sleep(self._span() * 2)
        finally:
            flag.unlink()

    async def _give(self, node: Node, order: str, obeyed: Callable[[], bool]) -> None:
        """Leave an order for a node's next relay, and wait until it is carried out."""
        node.order.with_suffix(".new").write_text(order)
        node.order.with_suffix(".new").rename(node.order)
        end = time.monotonic() + OBEYED
        while not obeyed() and time.monotonic() < end:  # noqa: ASYNC110  Another process is waited for.
            await asyncio.sleep(0.02)

    async def _start(self, node: Node) -> None:
        node.start()
        await asyncio.to_thread(wait_for, node.ready, READY, node.name)
