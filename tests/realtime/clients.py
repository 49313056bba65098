"""WebSocket clients of the tests: over Channels' communicator, and over a socket to a real uvicorn."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Protocol

from channels.testing import WebsocketCommunicator
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.protocol import SUBPROTOCOL

PATIENCE = 5.0
Message = dict[str, Any]


class Closed(Exception):
    """The server closed the connection."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class HandshakeRefused(Exception):
    """The server answered the handshake with a status of HTTP instead."""


class Wire(Protocol):
    """One transport: text and binary frames in both directions."""

    async def send(self, frame: str | bytes) -> None:
        """Send a frame."""

    async def receive(self) -> str:
        """Return the next text frame. Raises: Closed."""

    async def close(self) -> None:
        """Leave."""


class CommunicatorWire:
    """The consumer under Channels' own test communicator."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator

    async def send(self, frame: str | bytes) -> None:
        is_text = isinstance(frame, str)
        await self.communicator.send_to(**{"text_data" if is_text else "bytes_data": frame})

    async def receive(self) -> str:
        event = await self.communicator.receive_output(PATIENCE)
        if event["type"] == "websocket.close":
            raise Closed(event["code"], event.get("reason", ""))
        return event["text"]

    async def close(self) -> None:
        await self.communicator.disconnect(timeout=PATIENCE)


class SocketWire:
    """A real socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, frame: str | bytes) -> None:
        await self.socket.send(frame)

    async def receive(self) -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                frame = await self.socket.recv()
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise  # Lost without a close frame, which no test expects.
            raise Closed(closed.rcvd.code, closed.rcvd.reason) from None
        assert isinstance(frame, str)
        return frame

    async def close(self) -> None:
        await self.socket.close()


class Client:
    """What a person's page does with a connection."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.hello: Message = {}
        self.initial: Message = {}

    async def send(self, message: Any) -> None:
        """Send *message* as JSON; texts and bytes go out as they are."""
        await self.wire.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def receive(self) -> Message:
        """Return the next message. Raises: Closed."""
        return json.loads(await self.wire.receive())

    async def greeting(self) -> "Client":
        """Take the two messages that every connection starts with."""
        self.hello, self.initial = await self.receive(), await self.receive()
        return self

    async def until(self, wanted: Callable[[Message], bool]) -> list[Message]:
        """Return the messages up to the first that is *wanted*, this one included."""
        got = [await self.receive()]
        while not wanted(got[-1]):
            got.append(await self.receive())
        return got

    async def ask(self, message: Message) -> list[Message]:
        """Send *message* and a ping, and return everything that came before the pong."""
        await self.send(message)
        return await self.quiet()

    async def quiet(self) -> list[Message]:
        """Return everything that the server had for this client before it answered a ping."""
        await self.send({"type": "ping"})
        return (await self.until(lambda message: message["type"] == "pong"))[:-1]

    async def subscribe(self, *names: str, **options: Any) -> Message:
        """Subscribe and return the answer, which has to be the next message."""
        await self.send({"type": "subscribe", "topics": list(names), **options})
        answer = await self.receive()
        assert answer["type"] == "subscription", answer
        return answer

    async def end(self) -> tuple[Message, int]:
        """Return the `disconnect` message and the close code that end the connection, whatever comes before."""
        last: Message = {}
        try:
            while True:
                last = await self.receive()
        except Closed as closed:
            return last, closed.code


async def over_communicator(app: Any, *, v1: bool, headers: list[tuple[str, str]], path: str = "/ws") -> Client:
    """Connect to *app* through the communicator. Raises: HandshakeRefused."""
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    communicator = WebsocketCommunicator(app, path, encoded, [SUBPROTOCOL] if v1 else [])
    communicator.scope["client"] = ["127.0.0.1", 50_000]
    accepted, subprotocol = await communicator.connect(timeout=PATIENCE)
    if not accepted:
        await communicator.disconnect(timeout=PATIENCE)
        raise HandshakeRefused(403)  # What servers make of a close that comes before the accept.
    assert subprotocol == (SUBPROTOCOL if v1 else None)
    return Client(CommunicatorWire(communicator))


async def over_socket(port: int, *, v1: bool, headers: list[tuple[str, str]], path: str = "/ws") -> Client:
    """Connect to the server on *port*. Raises: HandshakeRefused."""
    host = dict(headers).pop("host")
    others = [(name, value) for name, value in headers if name != "host"]
    try:
        socket = await open_socket(
            f"ws://{host}{path}", host="127.0.0.1", port=port, additional_headers=others, proxy=None,
            subprotocols=[SUBPROTOCOL] if v1 else None, compression=None,
        )  # fmt: skip
    except InvalidStatus as refused:
        raise HandshakeRefused(refused.response.status_code) from None
    return Client(SocketWire(socket))
