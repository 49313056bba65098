"""Who publishes: a process of its own through the ORM, REST on the nodes, and `manage.py notify`."""

import asyncio
import json
import random
import subprocess
from collections.abc import Sequence
from typing import IO, Any, Final

from tests.chaos.journal import Journal
from tests.chaos.people import People, Person
from tests.chaos.processes import wait_for
from tests.chaos.reporters import Reporters
from tests.chaos.rest import Rest, Unanswered
from tests.chaos.world import MANAGE, START, World

READY: Final = "writer.ready"
"""A file in the run's directory that the writer makes once it is ready."""
NOTIFY_EVERY: Final = 7.0


class Publishers:
    """Publish about *rate* times a second until stopped. An answer that fails is no failure: the log decides."""

    def __init__(
        self, world: World, people: People, journals: Sequence[Journal], rate: float, named: Sequence[str]
    ) -> None:
        self.rest = Rest(world, random.Random(f"nodes-{world.seed}"))
        self.reporters = Reporters(self.rest, people.writer, named, random.Random(f"reporters-{world.seed}"))
        self._world = world
        self._people = people
        self._journals = [journal for journal in journals if journal.kind == "v1"]
        self._rate = rate
        self._chance = random.Random(f"publishers-{world.seed}")
        arguments = (str(rate * 0.75), f"writer-{world.seed}", *named)
        self._writer = world.child("writer", "-m", "tests.chaos.writer", *arguments)
        self._input: IO[bytes] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start publishing; the writer's process is ready when this returns. Raises: TimeoutError."""
        self._input = self._writer.start(stdin=subprocess.PIPE).stdin
        await asyncio.to_thread(wait_for, (self._world.directory / READY).exists, START, "the writer")
        own = [asyncio.create_task(self._notifications()), asyncio.create_task(self._notify())]
        self._tasks = [*own, *self.reporters.start()]

    def move(self, person: Person, group: int, *, join: bool) -> None:
        """Let *person* join or leave a user group, in the writer's process."""
        assert self._input is not None
        self._input.write(json.dumps({"user": person.id, "group": group, "join": join}).encode() + b"\n")
        self._input.flush()

    async def stop(self) -> None:
        """Stop publishing and wait; raises what a publisher's own code raised."""
        if not self._writer.alive:
            raise RuntimeError(f"The writer ended by itself:\n{self._writer.tail()}")
        assert self._input is not None
        self._input.close()
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        await asyncio.to_thread(wait_until_ended, self._writer)

    async def _notifications(self) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(self._rate * 0.25))
            kind = self._chance.random()
            try:
                if kind < 0.6:
                    await self._post()
                elif kind < 0.65:
                    user = self._chance.choice(self._people.users)
                    await self.rest.write(user, "PUT", "/api/v1/notifications/mark-all-read")
                else:
                    await self._mark()
            except Unanswered:
                continue

    async def _post(self) -> None:
        whom = self._chance.random()
        target: dict[str, Any] = {}
        if whom > 0.2:
            target = {"user": self._chance.choice(self._people.users).name}
        if whom > 0.7:
            target = {"group": self._chance.choice(list(self._people.groups.values()))}
        await self.rest.write(self._people.writer, "POST", "/api/v1/notifications", {"title": "Posted", **target})

    async def _mark(self) -> None:
        journal = self._chance.choice(self._journals)
        if not journal.state.items:
            return
        path = f"/api/v1/notifications/{self._chance.choice(list(journal.state.items))}"
        user = next(user for user in self._people.users if user.id == journal.user_id)
        method, end = self._chance.choice([("PUT", "/read"), ("PUT", "/read"), ("DELETE", "/read"), ("DELETE", "")])
        await self.rest.write(user, method, path + end)

    async def _notify(self) -> None:
        """Run the command now and then; it ends long before a process would relay for itself."""
        while True:
            await asyncio.sleep(NOTIFY_EVERY * self._chance.uniform(0.5, 1.0))
            command = self._world.child("notify", MANAGE, "notify", "From the shell")
            command.start()
            try:
                await asyncio.to_thread(command.wait, 30)
            finally:
                command.kill()
                self._world.children.remove(command)


def wait_until_ended(child: Any) -> None:
    """Give the writer time to finish what it does. Raises: RuntimeError, when it failed."""
    if child.wait(20) != 0:
        raise RuntimeError(f"The writer failed:\n{child.tail()}")
