"""uvicorn's WebSocket protocol, which lets the application write ready frames to the socket.

https://asgi.readthedocs.io/en/latest/extensions.html has how a server offers more than ASGI: `scope["extensions"]`.
"""

import os
from asyncio.transports import BaseTransport
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.typing import ExtensionParameter

from realtime.frames import EXTENSION

HANDED_OVER: Final = 64 * 1024
"""Bytes that the transport holds at most; the rest waits here, as references to bytes that many sockets share."""
WINDOW_BITS: Final = 15


class FrameWriter:
    """Writes whole frames to one socket: at once where the kernel takes them, else as soon as it does.

    Nothing is written before the opening handshake is complete or after the closing one has begun, and control frames
    of the server itself come between two frames and never inside one. No method raises. More than `limit` bytes
    waiting call *on_full* instead.
    """

    __slots__ = ("_descriptor", "_direct", "_protocol", "_size", "_transport", "_waiting", "limit", "on_full")

    def __init__(self, protocol: "WebSocketProtocol", transport: Any) -> None:
        self._protocol = protocol
        self._transport = transport
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._descriptor = _descriptor(transport)
        self._direct = False
        self.limit = HANDED_OVER
        self.on_full: Callable[[], None] = transport.abort

    @property
    def deflates(self) -> bool:
        """Whether the client takes compressed messages, each by itself."""
        return bool(self._protocol.conn.extensions)

    @property
    def open(self) -> bool:
        """Whether frames may be written: between the two handshakes."""
        protocol = self._protocol
        return protocol.conn.state is OPEN and not protocol.close_sent and not self._transport.is_closing()

    def bound(self, limit: int, on_full: Callable[[], None]) -> None:
        """Let at most *limit* bytes wait for this client; one message of any size may always wait."""
        self.limit, self.on_full = limit, on_full
        self._transport.set_write_buffer_limits(high=min(HANDED_OVER, limit // 4))

    def write(self, frames: bytes) -> None:
        """Write *frames*, or let them wait their turn."""
        transport = self._transport
        # The three hold in this very step: a descriptor that is closed may already be somebody else's.
        if not self._direct or transport.is_closing() or transport.get_write_buffer_size():
            self._write_behind(frames)
            return
        try:
            taken = os.write(self._descriptor, frames)
        except OSError:  # The kernel has no room; or the peer is gone, as the transport will find out.
            taken = 0
        if taken != len(frames):
            transport.write(memoryview(frames)[taken:])

    def write_last(self, frames: bytes) -> None:
        """Write *frames* behind what waits, even over the limit."""
        if self.open:
            self._put(frames)

    def drop(self) -> None:
        """Forget what waits here; what the transport holds can no longer be taken back."""
        self._waiting.clear()
        self._size = 0

    def abort(self) -> None:
        """End the connection at once, with whatever waits for it."""
        self.drop()
        self._transport.abort()

    async def drained(self) -> None:
        """Return when nothing waits here any more, or the connection is lost."""
        writable = self._protocol.writable
        while not writable.is_set():
            await writable.wait()

    def refresh(self) -> None:
        """Look again at what the protocol has become, and hand over what waits where the transport has room."""
        writable = self._protocol.writable
        if not self.open:
            self.drop()
        while self._waiting and writable.is_set():
            self._transport.write(b"".join(self._portion()))
        self._direct = self._descriptor >= 0 and self.open and writable.is_set()

    def pause(self) -> None:
        """Write nothing at once any more: the transport is full."""
        self._direct = False

    def _write_behind(self, frames: bytes) -> None:
        if not self.open:
            return
        waiting = self._size + self._transport.get_write_buffer_size()
        if waiting and waiting + len(frames) > self.limit:
            self.on_full()
        else:
            self._put(frames)

    def _put(self, frames: bytes) -> None:
        # While the transport is full, and only then, is something waiting here: what comes now comes after it.
        if self._protocol.writable.is_set():
            self._transport.write(frames)
        else:
            self._waiting.append(frames)
            self._size += len(frames)

    def _portion(self) -> list[bytes]:
        portion, room = [], HANDED_OVER
        while self._waiting and room > 0:
            portion.append(self._waiting.popleft())
            room -= len(portion[-1])
        self._size -= sum(map(len, portion))
        return portion


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


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Offer a `FrameWriter` in the scope, and let it know what becomes of the connection."""

    writer: FrameWriter

    def connection_made(self, transport: BaseTransport) -> None:
        """Take the transport; compression is negotiated where the server's configuration has it on."""
        super().connection_made(transport)
        self.writer = FrameWriter(self, transport)
        if self.config.ws_per_message_deflate:
            self.conn.available_extensions = SHARED_DEFLATE

    def handle_connect(self, event: Request) -> None:
        """Offer the writer to the application, which does not run before the next step of the loop."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = {"writer": self.writer}

    async def send(self, message: Any) -> None:
        """Send what the application sends through ASGI, behind what it wrote as frames."""
        while not self.writable.is_set():
            await self.writable.wait()
        await super().send(message)
        self.writer.refresh()

    def pause_writing(self) -> None:
        """Note that the transport is full."""
        super().pause_writing()
        self.writer.pause()

    def resume_writing(self) -> None:
        """Go on with what waits."""
        super().resume_writing()
        self.writer.refresh()

    def connection_lost(self, exc: Exception | None) -> None:
        """Never use the descriptor again: its number may soon be another connection's."""
        self.writer.pause()
        self.writer.drop()
        super().connection_lost(exc)


def _descriptor(transport: Any) -> int:
    """Return the socket's descriptor, -1 where only the transport may write: under TLS, and not on POSIX."""
    socket = transport.get_extra_info("socket")
    if os.name != "posix" or socket is None or transport.get_extra_info("sslcontext") is not None:
        return -1
    return int(socket.fileno())
