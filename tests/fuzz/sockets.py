"""Send inputs over open WebSockets, and see that the server goes on."""

import itertools
import json
import random
from collections import Counter
from typing import Final

from tests.fuzz.bounds import PER_CONNECTION
from tests.fuzz.inputs import Input, Then
from tests.fuzz.target import ServerFailed, Target
from tests.fuzz.wire import CLOSE, PING, PONG, TEXT, Socket, frame, handshake

OWN_FAULT: Final = frozenset({1006, 1011, 1012, 1013})
"""Codes that no input may bring about: with them the server says that it failed."""
ENOUGH: Final = ("Rate limit", "Unauthorized")
"""Why a connection may be closed after a well-formed frame: it was one mistake too many, or nobody logged in."""
WHO: Final = ("ann", "ann", "ann", "ben", None)
V1: Final = [("Sec-WebSocket-Protocol", "aether.v1.json")]


class Sockets:
    """One client after another, each with the inputs of many."""

    def __init__(self, target: Target, seed: int) -> None:
        self.kinds: Counter[str] = Counter()
        self.connections = 0
        self._target = target
        self._random = random.Random(seed)
        self._socket: Socket | None = None
        self._sent = 0
        self._numbers = itertools.count()

    async def feed_all(self, items: list[Input]) -> None:
        """Feed *items* one after the other. Raises: ServerFailed, which says after which one."""
        for item in items:
            try:
                await self.feed(item)
            except ServerFailed as failed:
                raise ServerFailed(f"{failed}\nAfter {item}") from None

    async def feed(self, item: Input) -> None:
        """Send *item* and see that the server answers a good message, or ends the connection where it may or must.

        Raises: ServerFailed.
        """
        self.kinds[item.kind] += 1
        socket = await self._connected()
        try:
            await socket.send(item.chunks)
            match item.then:
                case Then.HANG_UP:
                    self.leave()
                case Then.HALF_CLOSE:
                    socket.half_close()
                    await socket.ended()
                    self.leave()
                case _:
                    await self._ask(socket, may_leave=item.then is Then.ASK_OR_LEAVE)
        except TimeoutError:
            self.leave()
            raise ServerFailed("The server neither answered nor ended the connection.") from None
        self._sent += 1
        if self._sent >= PER_CONNECTION:
            self.leave()

    def leave(self) -> None:
        """Hang up, where there is a connection."""
        if self._socket is not None:
            self._socket.abort()
            self._socket = None

    async def _connected(self) -> Socket:
        if self._socket is None:
            who = self._random.choice(WHO)
            headers = self._target.headers(who) if who else []
            socket = await Socket.open(self._target.server.port)
            await socket.send([handshake(self._target.host, headers + self._random.choice([V1, []]))])
            self._socket = await socket.upgraded()
            self._sent = 0
            self.connections += 1
        return self._socket

    async def _ask(self, socket: Socket, *, may_leave: bool) -> None:
        """Send a good message and wait for its answer."""
        number = f"good-{next(self._numbers)}"
        await socket.send([frame(json.dumps({"type": "unsubscribe", "topics": ["none"], "id": number}).encode())])
        said = ""
        async for got in socket.frames():
            if got.opcode == PING:
                await socket.send([frame(got.payload, PONG)])
            elif got.opcode == CLOSE:
                await self._closed(socket, got.payload, said, may_leave=may_leave)
                return
            elif got.opcode == TEXT:
                message = json.loads(got.payload)
                if message.get("id") == number:
                    return
                said = message.get("reason", said) if message["type"] == "disconnect" else said
        self.leave()
        if not may_leave:
            raise ServerFailed("The server cut the connection off after a well-formed frame.")

    async def _closed(self, socket: Socket, payload: bytes, said: str, *, may_leave: bool) -> None:
        code = int.from_bytes(payload[:2], "big") if payload else 1005
        await socket.send([frame(payload[:2], CLOSE)])
        await socket.ended()
        self.leave()
        if said not in ENOUGH and (not may_leave or code in OWN_FAULT):
            raise ServerFailed(f"The server closed with {code} {payload[2:].decode()!r}, having said {said!r}.")
