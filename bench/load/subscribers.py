"""Connections that only listen: each counts what it gets, and answers nothing but what would end it."""

import asyncio
from typing import ClassVar, Final, cast

from bench.load import frames
from bench.load.target import Tally, Target

HEAD_END: Final = b"\r\n\r\n"


class Subscriber(asyncio.Protocol):
    """One connection. `ready` is done when it is connected, and anew when it is subscribed."""

    target: Target
    tally: Tally

    def __init__(self, target: Target, number: int, topic: int) -> None:
        self.target = target
        self.tally = target.tally
        self.number = number
        self.topic = topic
        self.live = False
        self.rest = b""
        self.ready = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own derives from nothing.
        self.transport.write(self.hello())

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the end, unless this side wanted it."""
        if self.transport is not None:
            self.transport = None
            self.tally.ended += 1
            self.fail(f"The connection ended: {exc or 'by the server'}")

    def close(self) -> None:
        """Drop the connection."""
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.abort()

    def hello(self) -> bytes:
        """Return the first bytes."""
        raise NotImplementedError

    def subscribe(self) -> None:
        """Ask for the messages; `ready` is done when they will come."""
        self.is_ready()

    def write(self, data: bytes) -> None:
        """Send *data*, where still connected."""
        if self.transport is not None:
            self.transport.write(data)

    def is_ready(self) -> None:
        """Resolve `ready`."""
        if not self.ready.done():
            self.ready.set_result(None)

    def fail(self, why: str) -> None:
        """Let whoever waits for this connection know that it is of no use."""
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(why))


class WebSocketSubscriber(Subscriber):
    """A WebSocket that gets messages as soon as it is open: `ws`, Channels, nchan, uWebSockets."""

    path = "/subscribe?topic={topic}"
    deflated = False
    extension: ClassVar[bytes] = b"sec-websocket-extensions: permessage-deflate"

    def hello(self) -> bytes:
        """Return the handshake."""
        headers = self.headers()
        if self.target.deflate:
            headers["Sec-WebSocket-Extensions"] = "permessage-deflate; client_max_window_bits"
        return frames.handshake(self.path.format(topic=self.topic), self.target.port, headers)

    def headers(self) -> dict[str, str]:
        """Return what the handshake carries beyond the usual."""
        return {}

    def data_received(self, data: bytes) -> None:
        """Count the messages in *data*; everything else is looked at one by one."""
        if self.rest:
            data = self.rest + data
        if not self.live:
            data = self._opened(data)
            if not self.live:
                return
        end, count, plain = frames.skim(data)
        self.rest = data[end:]
        if not count:
            return
        whole = data if end == len(data) else data[:end]
        messages = whole.count(self.tally.mark)
        if messages:
            self.tally.take(whole, messages)
        if not plain or messages < count:
            self._look_at(whole)

    def opened(self) -> None:
        """React to the handshake's answer."""
        self.is_ready()

    def text(self, payload: bytes) -> None:
        """React to a text that is no message of the measurement."""

    def _opened(self, data: bytes) -> bytes:
        head, found, rest = data.partition(HEAD_END)
        if not found:
            self.rest = data
            return b""
        self.rest = b""
        if b" 101 " not in head[:32]:
            self.fail(head[:200].decode("latin-1"))
            return b""
        self.deflated = self.extension in head.lower()
        self.live = True
        self.opened()
        return rest

    def _look_at(self, whole: bytes) -> None:
        for opcode, payload in frames.frames(whole):
            if opcode == frames.PING:
                self.write(frames.frame(payload, frames.PONG))
            elif opcode == frames.CLOSE:
                self.fail(f"The server closed: {payload[2:].decode(errors='replace')}")
            elif opcode == frames.TEXT and self.tally.mark not in payload:
                self.text(payload)


class AetherSubscriber(WebSocketSubscriber):
    """A browser's tab: a session, the v1 subprotocol, connected once it has its initial state."""

    path = "/ws"

    def headers(self) -> dict[str, str]:
        """Return the session's cookie and what a browser sends with it."""
        sessions = self.target.sessions
        return {
            "Origin": f"http://127.0.0.1:{self.target.port}",
            "Cookie": f"sessionid={sessions[self.number % len(sessions)]}",
            "Sec-WebSocket-Protocol": "aether.v1.json",
        }

    def opened(self) -> None:
        """Wait for the initial state."""

    def subscribe(self) -> None:
        """Subscribe to the target's topics."""
        names = ",".join(f'"{name.format(topic=self.topic)}"' for name in self.target.topics)
        self.write(frames.frame(f'{{"type":"subscribe","topics":[{names}]}}'.encode()))

    def text(self, payload: bytes) -> None:
        """Become ready, or show that this client is alive."""
        if not self.ready.done() and (b'"type":"initial_state"' in payload or b'"type":"subscription"' in payload):
            self.is_ready()
        elif payload.startswith(b'{"type":"ping"'):
            self.write(frames.frame(b'{"type":"ping"}'))
        elif payload.startswith((b'{"type":"disconnect"', b'{"type":"error"')):
            self.fail(payload.decode(errors="replace"))


class SocketIoSubscriber(WebSocketSubscriber):
    """Engine.IO's WebSocket transport, and Socket.IO's default namespace."""

    path = "/socket.io/?EIO=4&transport=websocket&topic={topic}"

    def opened(self) -> None:
        """Wait for Engine.IO's own opening."""

    def text(self, payload: bytes) -> None:
        """Join the namespace; answer pings."""
        if payload.startswith(b"0"):
            self.write(frames.frame(b"40"))
        elif payload == b"2":
            self.write(frames.frame(b"3"))
        elif payload.startswith(b"40"):
            self.is_ready()


class NatsSubscriber(Subscriber):
    """NATS' own text protocol."""

    def hello(self) -> bytes:
        """Connect; the PONG tells that the server is through with it."""
        return b'CONNECT {"verbose":false,"pedantic":false,"lang":"bench"}\r\nPING\r\n'

    def subscribe(self) -> None:
        """Subscribe to the topic's subject."""
        self.write(b"SUB bench.%d 1\r\nPING\r\n" % self.topic)

    def data_received(self, data: bytes) -> None:
        """Count the messages in the whole lines of *data*."""
        if self.rest:
            data = self.rest + data
        end = data.rfind(b"\r\n") + 2
        if end < 2:
            self.rest = data
            return
        self.rest = data[end:]
        whole = data if end == len(data) else data[:end]
        if messages := whole.count(self.tally.mark):
            self.tally.take(whole, messages)
        if b"PING\r\n" in whole:
            self.write(b"PONG\r\n")
        if b"PONG\r\n" in whole:
            self.is_ready()


PROTOCOLS: Final[dict[str, type[Subscriber]]] = {
    "websocket": WebSocketSubscriber,
    "aether": AetherSubscriber,
    "socket.io": SocketIoSubscriber,
    "nats": NatsSubscriber,
}
