"""uvicorn's WebSocket protocol, which lets the application write ready frames to the socket.

https://asgi.readthedocs.io/en/latest/extensions.html has how a server offers more than ASGI: `scope["extensions"]`.
"""

import asyncio
import contextlib
import socket
from asyncio.transports import BaseTransport
from collections.abc import Sequence
from typing import Any, Final

from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.typing import ExtensionParameter

from realtime.frames import EXTENSION
from realtime.malformed import CarefulProtocol
from realtime.writer import FrameWriter

WINDOW_BITS: Final = 15
UNSENT: Final = 64 * 1024
"""Bytes that the kernel takes ahead of what the network does; by itself it would take 4 MB for a stalled client."""


class SharedDeflateFactory(ServerPerMessageDeflateFactory):
    """Accept permessage-deflate so that a message depends on none before it, in both directions.

    One compressed frame then serves every client, and no connection keeps a compressor. Who asks for a smaller window
    than the full one, as no browser does, is served uncompressed.
    """

    def __init__(self) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """Return the answer's parameters and the extension. Raises: NegotiationError, which declines the offer."""
        answer, extension = super().process_request_params(params, accepted_extensions)
        if extension.local_max_window_bits < WINDOW_BITS:
            raise NegotiationError("only the full window is shared")
        return answer, extension


SHARED_DEFLATE: Final = [SharedDeflateFactory()]


class Gate:
    """What of `asyncio.Event` the protocol uses, in a tenth of the memory while nobody waits."""

    __slots__ = ("_open", "_waiting")

    def __init__(self) -> None:
        self._open = True
        self._waiting: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Return whether the gate is open."""
        return self._open

    def set(self) -> None:
        """Open the gate and let everybody through."""
        self._open = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
        self._waiting = None

    def clear(self) -> None:
        """Close the gate."""
        self._open = False

    async def wait(self) -> None:
        """Return when the gate was opened."""
        if not self._open:
            if self._waiting is None:
                self._waiting = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._waiting)


class Inbox:
    """What of `asyncio.Queue` the protocol uses, for its one reader."""

    __slots__ = ("_filled", "_messages")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._filled: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        """Return whether there is no message."""
        return not self._messages

    def put_nowait(self, message: Any) -> None:
        """Add *message*."""
        self._messages.append(message)
        if self._filled is not None and not self._filled.done():
            self._filled.set_result(None)

    async def get(self) -> Any:
        """Take the oldest message, and wait for one where there is none."""
        while not self._messages:
            self._filled = asyncio.get_running_loop().create_future()
            await self._filled
        self._filled = None
        return self._messages.pop(0)


class WebSocketProtocol(CarefulProtocol):
    """Offer in the scope to write frames (`realtime.writer.Frames`), and tell the writer what becomes of the socket."""

    writer: FrameWriter | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.queue: Any = Inbox()
        self.writable: Any = Gate()

    def connection_made(self, transport: BaseTransport) -> None:
        """Take the transport; compression is negotiated where the server's configuration has it on."""
        super().connection_made(transport)
        _bound_unsent(transport)
        if self.config.ws_per_message_deflate:
            self.conn.available_extensions = SHARED_DEFLATE

    @property
    def open(self) -> bool:
        """Whether frames may be written: between the two handshakes."""
        return self.conn.state is OPEN and not self.close_sent and not self.transport.is_closing()

    @property
    def deflates(self) -> bool:
        """Whether the client takes compressed messages, each by itself."""
        return bool(self.conn.extensions)

    def attach(self, writer: FrameWriter) -> None:
        """Tell *writer* what becomes of the connection."""
        self.writer = writer

    def handle_connect(self, event: Request) -> None:
        """Make the offer to the application, which does not run before the next turn of the loop."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = {"frames": self}

    async def send(self, message: Any) -> None:
        """Send what the application sends through ASGI, behind what it wrote as frames.

        While the transport is full, frames wait in the writer; in the step in which it is not, none do.
        """
        while not self.writable.is_set():
            await self.writable.wait()
        await super().send(message)
        if message["type"] == "websocket.accept":
            self.__dict__.pop("request", None)  # Nobody reads either again, and they live as long as the connection.
            self.__dict__.pop("response", None)
        if self.writer is not None:
            self.writer.refresh()

    def pause_writing(self) -> None:
        """Note that the transport is full."""
        super().pause_writing()
        if self.writer is not None:
            self.writer.pause()

    def resume_writing(self) -> None:
        """Go on with what waits."""
        super().resume_writing()
        if self.writer is not None:
            self.writer.refresh()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what still waits: nobody is there to take it."""
        if self.writer is not None:
            self.writer.pause()
            self.writer.drop()
        super().connection_lost(exc)


def _bound_unsent(transport: BaseTransport) -> None:
    """Let what waits for a slow client wait here, where it is bounded and shared, and not once for each in the kernel.

    https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html has `tcp_notsent_lowat`.
    """
    connection = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if option is not None and connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):  # The client may have gone already.
            connection.setsockopt(socket.IPPROTO_TCP, option, UNSENT)
