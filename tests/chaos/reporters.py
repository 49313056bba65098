"""Who reports over REST: hosts with their VMs, and jobs with their states and each line that they print.

A job insists: what was not answered is asked again, of any node, until it is. That must neither lose nor double a line.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from tests.chaos import fleet, output
from tests.chaos.people import Person
from tests.chaos.rest import Rest, Unanswered

AGAIN: Final = 0.3
"""Seconds until what failed is tried again."""
REPORTS: Final = 1.0
"""Seconds between requests that move the inventory, on average."""
SAYS: Final = 0.8
"""Seconds between the appends of a job, on average; of the one that lasts as long as the run, a third."""
MOST: Final = 25
"""Lines in one append."""


class Reporters:
    """Report until cancelled, in the name of *writer*."""

    def __init__(self, rest: Rest, writer: Person, named: Sequence[str], chance: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        """How many appends there were, how many were repeated, and how many of those had been taken already."""
        self.answered: dict[str, int] = {}
        """By job the number of the line that was said to come next."""
        self._rest = rest
        self._writer = writer
        self._chance = chance
        self._lasting, self._coming = named[0], list(reversed(named[1:]))

    def start(self) -> list[asyncio.Task[None]]:
        """Start reporting; whoever asked ends the tasks."""
        workers = [self._work() for _ in range(output.AT_ONCE)]
        return [asyncio.create_task(work) for work in (self._inventory(), self._last(), *workers)]

    async def _inventory(self) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / REPORTS))
            try:
                await self._rest.write(self._writer, *fleet.requests(self._chance))
            except Unanswered:
                continue  # What became of it is in the database.

    async def _last(self) -> None:
        await self._begin(self._lasting)
        number = 1
        while True:
            number = await self._say(self._lasting, number)
            await asyncio.sleep(self._chance.expovariate(3 / SAYS))

    async def _work(self) -> None:
        while self._coming:
            await self._run(self._coming.pop())

    async def _run(self, job: str) -> None:
        """Let one job run from its beginning to its end; one that is cancelled has something to say after it."""
        await self._begin(job)
        number, appends = 1, 1 + int(self._chance.expovariate(SAYS / output.LIFE))
        for done in range(appends):
            number = await self._say(job, number)
            if self._chance.random() < 0.4:
                await self._insist("PATCH", job, {"progress": 100 * done // appends})
            await asyncio.sleep(self._chance.expovariate(1 / SAYS))
        status = self._chance.choice(["completed", "failed", "cancelled"])
        await self._insist("PATCH", job, {"status": status})
        if status == "cancelled":
            await self._say(job, number)

    async def _begin(self, job: str) -> None:
        """Let *job* run, as soon as somebody has created it."""
        while not await self._insist("PATCH", job, {"status": "running"}, missing=True):  # noqa: ASYNC110
            await asyncio.sleep(AGAIN)

    async def _say(self, job: str, number: int) -> int:
        """Append lines from *number* on; some that are there come along, or all of them come twice."""
        first = max(1, number - self._chance.choice([0, 0, 0, 1, 5]))
        lines = [output.line(job, one) for one in range(first, number + self._chance.randint(1, MOST))]
        body = {"first_line": first, "lines": lines}
        following = first + len(lines)
        for _ in range(self._chance.choice([1, 1, 1, 1, 2])):
            answer = await self._insist("POST", f"{job}/output", body)
            self.counts["appends"] += 1
            self.counts["had been taken"] += answer["appended"] == 0
            if answer["next_line"] != following:
                raise RuntimeError(f"{job} has {answer}, after {len(lines)} lines from {first} on")
        self.answered[job] = following
        return following

    async def _insist(self, method: str, path: str, body: dict[str, Any], *, missing: bool = False) -> dict[str, Any]:
        """Ask until it is answered. Raises: RuntimeError, where it is refused; *missing* jobs have an empty answer."""
        while True:
            try:
                status, answer = await self._rest.write(self._writer, method, f"/api/v1/jobs/{path}", body)
            except Unanswered:
                status, answer = 503, {}
            if status < 300 or (missing and status == 404):
                return answer
            if status < 500:
                raise RuntimeError(f"{method} {path} was refused with {status}")
            self.counts["repeated"] += 1
            await asyncio.sleep(AGAIN)
