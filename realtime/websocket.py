"""uvicorn's WebSocket protocol, which lets the application write ready frames to the socket.

https://asgi.readthedocs.io/en/latest/extensions.html has how a server offers more than ASGI: `scope["extensions"]`.
"""

import asyncio
import contextlib
import contextvars
import logging
import os
import socket
from asyncio.transports import BaseTransport
from collections.abc import Sequence
from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected
from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.typing import ExtensionParameter

from realtime import keepalive
from realtime.frames import EXTENSION
from realtime.keepalive import Portion
from realtime.malformed import CarefulProtocol
from realtime.waiting import Gate, Inbox
from realtime.writer import FrameWriter, Receiver

logger = logging.getLogger("uvicorn.error.websocket")
"""A name of its own: what uvicorn says of every handshake can be left out before a line is made of it."""

WINDOW_BITS: Final = 15
NO_HEADERS: Final = Headers()
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


class WebSocketProtocol(CarefulProtocol):
    """Offer in the scope to write frames (`realtime.writer.Frames`), and tell the writer what becomes of the socket."""

    # uvicorn's attributes are more than Python keeps compactly in a `__dict__`, which took 1.6 KB of each connection.
    __slots__ = (
        "_portion", "_serving", "app", "app_state", "asgi_version", "client", "close_sent", "close_timeout",
        "close_timer", "config", "conn", "connections", "curr_msg_data_type", "default_headers", "disconnected",
        "frames", "handshake_complete", "handshake_initiated", "initial_response", "last_ping_rtt", "logger", "loop",
        "pending_ping_payload", "ping_interval", "ping_sent_at", "ping_timeout", "ping_timer", "pong_timer", "queue",
        "read_paused", "receiver", "request", "response", "root_path", "scheme", "scope", "server", "tasks",
        "transport", "writable", "writer",
    )  # fmt: skip

    request: Any
    response: Any
    scope: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = self.conn.logger = logger
        self.queue: Any = Inbox()
        self.writable: Any = Gate()
        self.writer: FrameWriter | None = None
        self.receiver: Receiver | None = None
        self._portion: Portion | None = None
        self._serving: asyncio.Task[None] | None = None

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
        event.headers = NO_HEADERS  # The scope has its own; the parser keeps the event as long as the connection lives.
        self.request = None

    def detach(self, receiver: Receiver) -> None:
        """Hand each event to *receiver* from now on; the application may return, and the connection stays.

        While it is idle it then has no task, and none of the coroutines that lie between server and application.
        """
        self.receiver = receiver
        self.queue.told = self._serve
        if not self.queue.empty():
            self._serve()

    async def run_asgi(self) -> None:
        """Run the application as uvicorn does, but leave a connection open that it has detached."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
        else:
            if not self.handshake_complete:
                self.logger.error("ASGI callable returned without completing handshake.")
                self.send_500_response()
        self.scope = None
        if self.receiver is None:
            self._end()

    def _serve(self) -> None:
        """Have what has come handled, in a task that lives no longer than that."""
        if self._serving is None:
            self._serving = self.loop.create_task(self._hand_over(), context=contextvars.Context())
            self.tasks.add(self._serving)

    async def _hand_over(self) -> None:
        goes_on = True
        try:
            while goes_on and not self.queue.empty():
                assert self.receiver is not None
                goes_on = await self.receiver(await self.receive())
        except asyncio.CancelledError:
            goes_on = False
            raise
        except Exception:  # The task's root.
            goes_on = False
            self.logger.exception("Handling an event failed.")
        finally:
            self.tasks.discard(self._serving)
            self._serving = None
            if not goes_on:
                self.receiver = self.queue.told = None
                self._end()

    def _end(self) -> None:
        """Close the connection, unless the client has still to answer a close."""
        if self.close_timer is None:
            self.transport.close()

    def start_keepalive(self) -> None:
        """Ping the client from now on, by the timer that all connections share."""
        if wheel := keepalive.wheel(self.config, self.loop):
            self._portion = wheel.join(self)

    def stop_keepalive(self) -> None:
        """Ping the client no longer. Safe to call twice."""
        if self._portion is not None:
            self._portion.pop(self, None)
        self._portion = self.pending_ping_payload = None

    def keep_alive(self, now: float, patience: float) -> None:
        """Ping the client, or end the connection where the ping before was not answered within *patience* seconds."""
        if self.close_sent or self.transport.is_closing():
            return
        if self.pending_ping_payload is None:
            self.pending_ping_payload = os.urandom(4)
            self.ping_sent_at = now
            self.conn.send_ping(self.pending_ping_payload)
            self.transport.write(b"".join(self.conn.data_to_send()))
        elif now - self.ping_sent_at >= patience:
            self.keepalive_timeout()

    async def send(self, message: Any) -> None:
        """Send what the application sends through ASGI, behind what it wrote as frames.

        While the transport is full, frames wait in the writer; in the step in which it is not, none do.
        """
        while not self.writable.is_set():
            await self.writable.wait()
        await super().send(message)
        if message["type"] == "websocket.accept":
            self.response = None  # Nobody reads it again.
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
