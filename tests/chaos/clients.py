"""What every client does, whatever it speaks: connect, note what comes, and come back when the connection ends."""

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Any, Final

from websockets.exceptions import WebSocketException

from tests.chaos.journal import Journal, Outage

FIRST_DELAY: Final = 0.2
MOST_DELAY: Final = 1.5
ANEW: Final = 0.3
"""How often one that goes of its own accord comes back as a page that was just opened, with no position."""
CONNECT: Final = 8.0
"""Seconds for a handshake and a subscription, as a real client would allow."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a client behaves: seconds between its own goings (0: it stays), and between long pauses in reading."""

    goes_after: float = 0.0
    dozes_after: float = 0.0


class Lost(Exception):
    """The connection ended; the client comes back, after *retry_after* seconds where the server said so."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Client:
    """One client: connects to any node, and again whenever its connection ends, until it is stopped."""

    def __init__(self, journal: Journal, session: str, ports: list[int], habits: Habits, chance: random.Random) -> None:
        self.journal = journal
        self.habits = habits
        self.chance = chance
        self.cookie = f"sessionid={session}"
        self.port = chance.choice(ports)
        self._ports = ports
        self._delay = FIRST_DELAY
        self._lost_at = 0.0
        self._slept = 0.0
        self._leaving: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; `stop` ends it."""
        self._task = asyncio.create_task(self._run(), name=self.journal.name)

    async def stop(self) -> None:
        """End it and wait. Raises what the client's own code raised."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if not self._task.cancelled() and (error := self._task.exception()):
            raise error

    def begins_anew(self) -> bool:
        """Say whether the client comes back without what it had."""
        return bool(self.habits.goes_after) and self.chance.random() < ANEW

    def failed(self) -> bool:
        """Say whether the client's own code ended with an error."""
        return self._task is not None and self._task.done()

    def cut(self) -> None:
        """Drop the connection without a goodbye, where there is one."""

    def settle(self) -> None:
        """Behave from now on: neither go nor doze."""
        self.habits = Habits()
        if self._leaving:
            self._leaving.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await self._connection()
            except (Lost, OSError, TimeoutError, WebSocketException, asyncio.IncompleteReadError) as error:
                self._lost_at = self._lost_at or time.time()
                self.journal.ends[str(error) or type(error).__name__] += 1
                await self._wait(getattr(error, "retry_after", None))
            finally:
                if self._leaving:
                    self._leaving.cancel()

    async def _connection(self) -> None:
        raise NotImplementedError

    async def _wait(self, told: float | None) -> None:
        """Wait as told, or with growing delays and jitter; then try another node."""
        pause = told if told is not None else self._delay * self.chance.uniform(0.5, 1.0)
        self._delay = min(self._delay * 1.5, MOST_DELAY)
        self._slept += pause
        await asyncio.sleep(pause)
        self.port = self.chance.choice([port for port in self._ports if port != self.port] or self._ports)

    def _is_back(self) -> None:
        """Note that everything missed has come."""
        if self._lost_at:
            self.journal.outages.append(Outage(self._lost_at, time.time(), self._slept))
        self._lost_at = self._slept = 0.0
        self._delay = FIRST_DELAY
        if self.habits.goes_after:
            pause = self.habits.goes_after * self.chance.uniform(0.5, 1.5)
            self._leaving = asyncio.get_running_loop().call_later(pause, self.cut)

    def _take(self, message: dict[str, Any]) -> None:
        """Note one message of the server."""
        now = time.time()
        match message["type"]:
            case "batch":
                for part in message["messages"]:
                    self._take(part)
            case "snapshot":
                self.journal.snapshot(message, now)
            case "reset":
                self.journal.reset(message)
            case "unread_count":
                self.journal.state.unread_count = message["unread_count"]
            case "disconnect":
                self._disconnected(message)
            case _ if "offset" in message:
                self.journal.message(message, now)

    def _disconnected(self, message: dict[str, Any]) -> None:
        if not message["reconnect"]:
            self.journal.violations.append(f"sent away: {message['reason']}")
        told = message.get("retry_after_ms")
        raise Lost(message["reason"], None if told is None else told / 1000)
