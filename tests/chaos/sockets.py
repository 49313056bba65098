"""Clients of `/ws`: v1 ones, and those from before."""

import asyncio
import json
import time
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.chaos.clients import CONNECT, Client, Lost

SUBPROTOCOL: Final = Subprotocol("aether.v1.json")
STREAMS: Final = ("inventory", "jobs", "notifications")


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
        if not self.v1 or self.begins_anew():
            self.journal.forget(STREAMS, time.time())
        async with asyncio.timeout(CONNECT):
            self._socket = await connect(
                f"ws://127.0.0.1:{self.port}/ws{self._query()}", additional_headers=headers, compression=None,
                ping_interval=None,
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

    def _query(self) -> str:
        """Take no initial state where there are positions to go on from."""
        return "?state=none" if self.v1 and self.journal.since() else ""

    async def _greet(self) -> None:
        held = self.journal.since() if self.v1 else {}
        while (message := await self._receive())["type"] != ("connection" if held else "initial_state"):
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
