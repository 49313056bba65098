"""The bytes before and of a request: uvicorn waits for them for ever, and takes as many as come. Here both are bounded.

A client that connects and stays silent, or sends its request a byte at a time (Slowloris), is ended after
HANDSHAKE_TIMEOUT, and one that never ends the body of its request after REQUEST_TIMEOUT. Nor can silent clients keep
others out: where there are too many, the one that has been silent for longest makes room.
"""

import asyncio
import resource
from enum import Enum, auto
from itertools import chain
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from realtime import conf

MOST_SILENT: Final = 1_000
"""Sockets of a process that may be without a request at once."""
SPARE: Final = 200
"""Sockets beyond LIMIT_CONNECTIONS: a full node still answers REST and the health routes."""
HEAD_SIZE: Final = 64 * 1024
"""Bytes of a request's line and headers."""
BODY_SIZE: Final = 16 * 1024 * 1024
"""Bytes of a request's body. The API reads less, and says so itself; this keeps the disk free of what nobody reads."""
OWN_FILES: Final = 256
"""Descriptors that a process needs beside its sockets."""
ANSWER: Final = "HTTP/1.1 {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Awaited(Enum):
    """What a connection has yet to send."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which gives up on a request that does not come. WebSockets begin here too."""

    silent: ClassVar[dict["HttpProtocol", None]] = {}
    """Those that have sent no whole head of a request, the one that began first at the front."""
    unfinished: ClassVar[dict["HttpProtocol", None]] = {}
    """Those that have sent no whole body, likewise."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._reading = Awaited.HEAD
        self._timed = Awaited.NOTHING
        self._timer: asyncio.TimerHandle | None = None
        self._head_size = 0
        self._body_size = 0
        self._upgraded = False

    # What the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, where there is room."""
        super().connection_made(transport)
        self._keep_time()
        most = conf.value("LIMIT_CONNECTIONS")
        if len(self.silent) > MOST_SILENT or (most and len(self.connections) > most + SPARE):
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and bound the time until what is begun has come."""
        super().data_received(data)
        if self._upgraded or self.transport.is_closing():
            return
        if self._reading is Awaited.NOTHING and not self._answering and self.timeout_keep_alive_task is None:
            self._reading = Awaited.HEAD  # Blank lines: they ended uvicorn's own patience, and begin no request.
        if self._reading is Awaited.HEAD:
            self._head_size += len(data)
            if self._head_size > HEAD_SIZE:
                self._refuse("431 Request Header Fields Too Large")
                return
        self._keep_time()

    def handle_websocket_upgrade(self) -> None:
        """Hand over to the WebSocket's protocol, whose handshake has come as a whole."""
        self._upgraded = True
        self._stop_waiting()
        super().handle_websocket_upgrade()

    # What the parser tells

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._reading, self._head_size, self._body_size = Awaited.HEAD, 0, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that its head is there."""
        self._reading = Awaited.BODY
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of its body, up to a bound."""
        self._body_size += len(body)
        if self._body_size > BODY_SIZE:
            self._refuse("413 Content Too Large")
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that it is there as a whole."""
        self._reading = Awaited.NOTHING
        super().on_message_complete()

    # Patience

    @property
    def _answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn's annotation says.
        return cycle is not None and not cycle.response_complete

    def _keep_time(self) -> None:
        """Start the time of what is waited for now; one that runs already for the same runs on."""
        if self._reading is self._timed:
            return
        self._stop_waiting()
        self._timed = self._reading
        if self._reading is Awaited.HEAD:
            self.silent[self] = None
            self._timer = self.loop.call_later(conf.value("HANDSHAKE_TIMEOUT"), self._give_up)
        elif self._reading is Awaited.BODY:
            self.unfinished[self] = None
            self._timer = self.loop.call_later(conf.value("REQUEST_TIMEOUT"), self._give_up)

    def _stop_waiting(self) -> None:
        self.silent.pop(self, None)
        self.unfinished.pop(self, None)
        self._timed = Awaited.NOTHING
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._stop_waiting()
        self.transport.abort()

    def _make_room(self) -> None:
        """End the one that is silent for longest, or else the one whose body takes longest.

        Where all others are at work, it is this one that cannot stay.
        """
        longest = next((one for one in chain(self.silent, self.unfinished) if one is not self), None)
        if longest is None:
            self._refuse("503 Service Unavailable\r\nRetry-After: 5")
        else:
            longest._give_up()

    def _refuse(self, status: str) -> None:
        """Answer with *status*, unless an answer is under way, and close."""
        if self.transport.is_closing():
            return
        self._stop_waiting()
        if not self._answering or not self.cycle.response_started:
            self.transport.write(ANSWER.format(status).encode())
        self.transport.close()


def allow_descriptors() -> None:
    """Let this process, and the workers that inherit it, have as many sockets as LIMIT_CONNECTIONS says, if it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = conf.value("LIMIT_CONNECTIONS")
    wanted = most + MOST_SILENT + SPARE + OWN_FILES if most else hard
    if soft != resource.RLIM_INFINITY and (wanted > soft or wanted == resource.RLIM_INFINITY):
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
