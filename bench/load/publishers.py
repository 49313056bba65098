"""Who publishes: one connection, from the generator's own process, so that one clock measures all."""

import asyncio
import json
from collections.abc import Sequence
from typing import Final

from bench.load import frames
from bench.load.subscribers import HEAD_END
from bench.load.target import Target

FILL: Final = b"x"


def body(size: int, stamp: bytes) -> bytes:
    """Return a JSON message of *size* bytes that carries *stamp*."""
    head, tail = b'{"type":"bench","text":"' + stamp + b" ", b'"}'
    return head + FILL * max(0, size - len(head) - len(tail)) + tail


class Publisher:
    """One connection to a server; `publish` neither waits nor is answered."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.writer: asyncio.StreamWriter | None = None
        self._draining: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect. Raises: OSError, ConnectionError."""
        reader, self.writer = await asyncio.open_connection("127.0.0.1", self.target.port, limit=2**20)
        await self.greet(reader)
        self._draining = asyncio.create_task(self._drain(reader))

    def close(self) -> None:
        """Drop the connection."""
        if self._draining is not None:
            self._draining.cancel()
        if self.writer is not None:
            self.writer.transport.abort()

    def publish(self, topic: int, bodies: Sequence[bytes]) -> None:
        """Publish *bodies* to the topic of that number. Raises: ConnectionError, where the server hung up."""
        assert self.writer is not None
        if self.writer.is_closing():
            raise ConnectionError("The server closed the publisher's connection.")
        self.writer.write(self.encoded(topic, bodies))

    async def greet(self, reader: asyncio.StreamReader) -> None:
        """Do what the protocol wants first."""

    def encoded(self, topic: int, bodies: Sequence[bytes]) -> bytes:
        """Return what goes over the wire."""
        raise NotImplementedError

    def answer(self, data: bytes) -> bytes:
        """React to what the server sent, and return what of it is not whole yet."""
        if data.endswith(b"PING\r\n") and self.writer is not None:
            self.writer.write(b"PONG\r\n")
        return b""

    async def _drain(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        while data := await reader.read(65_536):
            rest = self.answer(rest + data)


class WebSocketPublisher(Publisher):
    """A WebSocket whose frames the server broadcasts: the topic's number, a space, the message."""

    path = "/publish"

    async def greet(self, reader: asyncio.StreamReader) -> None:
        """Shake hands."""
        assert self.writer is not None
        self.writer.write(frames.handshake(self.path, self.target.port, {}))
        head = await reader.readuntil(HEAD_END)
        if b" 101 " not in head[:32]:
            raise ConnectionError(head.decode("latin-1"))

    def encoded(self, topic: int, bodies: Sequence[bytes]) -> bytes:
        """Return a frame for each message."""
        return b"".join(frames.frame(b"%d %s" % (topic, text)) for text in bodies)

    def answer(self, data: bytes) -> bytes:
        """Answer pings; without that, a server ends the connection."""
        assert self.writer is not None
        end, _, _ = frames.skim(data)
        for opcode, payload in frames.frames(data[:end]):
            if opcode == frames.PING:
                self.writer.write(frames.frame(payload, frames.PONG))
            elif payload == b"2":  # Engine.IO's.
                self.writer.write(frames.frame(b"3"))
        return data[end:]


class AetherPublisher(WebSocketPublisher):
    """Publishes in the server's own process: *route* says whether durably or not. One frame is one transaction."""

    path = "/bench/publish"
    route = b"durable"

    def encoded(self, topic: int, bodies: Sequence[bytes]) -> bytes:
        """Return one frame for all."""
        return frames.frame(b"%s %d [%s]" % (self.route, topic, b",".join(bodies)))


class PassingPublisher(AetherPublisher):
    """The same for a topic without history."""

    route = b"passing"


class SocketIoPublisher(WebSocketPublisher):
    """Emits events that the server emits to a room."""

    path = "/socket.io/?EIO=4&transport=websocket&topic=none"

    async def greet(self, reader: asyncio.StreamReader) -> None:
        """Join the namespace."""
        await super().greet(reader)
        assert self.writer is not None
        self.writer.write(frames.frame(b"40"))
        await reader.readuntil(b'40{"sid":"')
        await reader.readuntil(b'"}')

    def encoded(self, topic: int, bodies: Sequence[bytes]) -> bytes:
        """Return an event for each message."""
        return b"".join(frames.frame(b'42["publish",%d,%s]' % (topic, text)) for text in bodies)


class NatsPublisher(Publisher):
    """NATS' PUB."""

    async def greet(self, reader: asyncio.StreamReader) -> None:
        """Connect."""
        assert self.writer is not None
        self.writer.write(b'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
        await reader.readuntil(b"PONG\r\n")

    def encoded(self, topic: int, bodies: Sequence[bytes]) -> bytes:
        """Return a PUB for each message."""
        return b"".join(b"PUB bench.%d %d\r\n%s\r\n" % (topic, len(text), text) for text in bodies)


class NchanPublisher(Publisher):
    """HTTP POSTs over one connection, pipelined."""

    def encoded(self, topic: int, bodies: Sequence[bytes]) -> bytes:
        """Return a request for each message."""
        head = b"POST /publish?topic=%d HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n%s"
        return b"".join(head % (topic, len(text), text) for text in bodies)


PUBLISHERS: Final[dict[str, type[Publisher]]] = {
    "websocket": WebSocketPublisher,
    "aether": AetherPublisher,
    "aether, passing": PassingPublisher,
    "socket.io": SocketIoPublisher,
    "nats": NatsPublisher,
    "nchan": NchanPublisher,
}


class Rest:
    """One keep-alive connection that asks a REST API as a logged-in user, one request at a time."""

    def __init__(self, port: int, session: str) -> None:
        self._port = port
        token = "b" * 32
        self._headers = (
            f"Host: 127.0.0.1:{port}\r\nCookie: sessionid={session}; csrftoken={token}\r\n"
            f"X-CSRFToken: {token}\r\nContent-Type: application/json\r\n"
        )

    async def open(self) -> None:
        """Connect. Raises: OSError."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)

    def close(self) -> None:
        """Drop the connection."""
        self._writer.transport.abort()

    async def request(self, method: str, path: str, data: object) -> int:
        """Return the answer's status. Raises: OSError, IncompleteReadError."""
        text = json.dumps(data).encode()
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}Content-Length: {len(text)}\r\n\r\n"
        self._writer.write(head.encode() + text)
        answer = (await self._reader.readuntil(HEAD_END)).decode("latin-1")
        length = next(line for line in answer.split("\r\n") if line.lower().startswith("content-length:"))
        await self._reader.readexactly(int(length.partition(":")[2]))
        return int(answer.split(" ", 2)[1])
