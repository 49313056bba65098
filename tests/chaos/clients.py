"""Clients as they are in the wild: older and newer WebSocket ones, event streams and polls; some slow, some fickle."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin, Subprotocol

from tests.chaos import http
from tests.chaos.journal import Journal, Outage

SUBPROTOCOL: Final = Subprotocol("aether.v1.json")
FIRST_DELAY: Final = 0.2
MOST_DELAY: Final = 1.5
CONNECT: Final = 8.0
"""Seconds for a handshake and a subscription, as a real client would allow."""
POLL_EVERY: Final = 1.5
RESUMED: Final = frozenset({"notifications", "inventory", "jobs"})


@dataclass(frozen=True, slots=True)
class Habits:
    """How a client behaves: seconds between its own goings (0: it stays), and between long pauses in reading."""

    goes_after: float = 0.0
    dozes_after: float = 0.0


class Lost(Exception):
    """The connection ended; the client comes back."""


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
                self.journal.resets[message["reason"]] = self.journal.resets.get(message["reason"], 0) + 1
            case "unread_count":
                self.journal.state.unread_count = message["unread_count"]
            case "disconnect":
                self._disconnected(message)
            case _ if "offset" in message:
                self.journal.message(message, now)

    def _disconnected(self, message: dict[str, Any]) -> None:
        if not message["reconnect"]:
            self.journal.violations.append(f"sent away: {message['reason']}")
        lost = Lost(message["reason"])
        lost.retry_after = message.get("retry_after_ms", 0) / 1000 or None  # type: ignore[attr-defined]
        raise lost


class WebSocketClient(Client):
    """A client of `/ws`; *v1* ones resume from their positions, older ones take what a new connection gives them."""

    v1 = True
    _socket: ClientConnection | None = None

    def cut(self) -> None:
        """Drop the connection without a goodbye."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _connection(self) -> None:
        headers = {"Cookie": self.cookie}
        async with asyncio.timeout(CONNECT):
            self._socket = await connect(
                f"ws://127.0.0.1:{self.port}/ws", additional_headers=headers, compression=None, ping_interval=None,
                origin=Origin(f"http://127.0.0.1:{self.port}"), subprotocols=[SUBPROTOCOL] if self.v1 else None,
                close_timeout=0.1, proxy=None, user_agent_header=None,
            )  # fmt: skip
        try:
            async with asyncio.timeout(CONNECT):
                await self._greet()
            await self._listen()
        except ConnectionClosed as closed:
            raise Lost(str(closed)) from closed
        finally:
            self._socket.transport.abort()

    async def _greet(self) -> None:
        held = self.journal.since() if self.v1 else {}
        if not self.v1:
            self.journal.forget(sorted(RESUMED), time.time())
        while (message := await self._receive())["type"] != "initial_state":
            self._take(message)
        if not held:
            self.journal.snapshot(message, time.time())
        first = self.v1 and not held
        await self._subscribe({"since": held} if held else {"snapshot": True} if first else {})
        self._is_back()

    async def _subscribe(self, extra: dict[str, Any]) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps({"type": "subscribe", "topics": list(self.journal.topics), **extra}))
        while (message := await self._receive())["type"] != "subscription":
            if message["type"] == "error":
                raise Lost(message["message"])
            self._take(message)
        self.journal.subscribed(message["positions"], time.time())

    async def _listen(self) -> None:
        doze_at = self._next_doze()
        while True:
            if doze_at and time.monotonic() > doze_at:
                await asyncio.sleep(self.chance.uniform(1.0, 3.0))
                doze_at = self._next_doze()
            message = await self._receive()
            if message["type"] == "ping" and self._socket is not None:
                await self._socket.send('{"type":"ping"}')
            self._take(message)

    async def _receive(self) -> dict[str, Any]:
        assert self._socket is not None
        message: dict[str, Any] = json.loads(await self._socket.recv())
        return message

    def _next_doze(self) -> float:
        after = self.habits.dozes_after
        return time.monotonic() + after * self.chance.uniform(0.5, 1.5) if after else 0.0


class LegacyClient(WebSocketClient):
    """A client without the subprotocol, which remembers nothing over a reconnect."""

    v1 = False


class EventStreamClient(Client):
    """`EventSource` as browsers do it: it resumes with Last-Event-ID."""

    _response: http.Response | None = None
    _last = ""

    def cut(self) -> None:
        """Drop the connection without a goodbye."""
        if self._response is not None:
            self._response.abort()

    async def _connection(self) -> None:
        headers = {"Cookie": self.cookie} | ({"Last-Event-ID": self._last} if self._last else {})
        path = f"/api/v1/stream?topics={quote(','.join(self.journal.topics))}"
        async with asyncio.timeout(CONNECT):
            self._response = await http.get(self.port, path, headers)
        try:
            if self._response.status != 200:
                raise Lost(f"status {self._response.status}")
            event: dict[str, str] = {}
            async for line in self._response.lines():
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                    continue
                self._last = event.get("id", self._last)  # An event counts once it is whole.
                if "data" in event:
                    self._event(json.loads(event["data"]))
                event = {}
            raise Lost("the stream ended")
        finally:
            self._response.abort()

    def _event(self, message: dict[str, Any]) -> None:
        if message["type"] != "subscription":
            self._take(message)
            return
        self.journal.subscribed(message["positions"], time.time())
        self._is_back()


class PollClient(Client):
    """A long poll, again and again, with a pause that keeps the machine free for the others."""

    _cursor = ""

    async def _connection(self) -> None:
        since = f"&since={quote(self._cursor)}" if self._cursor else ""
        path = f"/api/v1/changes?topics={quote(','.join(self.journal.topics))}&wait=5{since}"
        async with asyncio.timeout(CONNECT + 5):
            response = await http.get(self.port, path, {"Cookie": self.cookie})
            try:
                if response.status != 200:
                    raise Lost(f"status {response.status}")
                answer = json.loads("".join([line async for line in response.lines()]))
            finally:
                response.abort()
        self._cursor = answer["cursor"]
        for message in answer["messages"]:
            self._take(message)
        self._is_back()
        pause = POLL_EVERY * self.chance.uniform(0.7, 1.3)
        await asyncio.sleep(pause)


KINDS: Final[dict[str, Callable[..., Client]]] = {
    "legacy": LegacyClient,
    "v1": WebSocketClient,
    "sse": EventStreamClient,
    "poll": PollClient,
}
