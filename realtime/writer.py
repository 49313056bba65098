"""Writing ready frames to a socket, past the server's ASGI: what `scope["extensions"]["aether.frames"]` is for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

HANDED_OVER: Final = 64 * 1024
"""Bytes that the transport holds at most; the rest waits here, as references to bytes that many sockets share."""


Receiver = Callable[[Any], Awaitable[bool]]
"""Handles one event of ASGI, and says whether the connection goes on."""


class Frames(Protocol):
    """What a server offers for one connection: `realtime.websocket` does for uvicorn."""

    transport: asyncio.Transport
    writable: asyncio.Event
    """Set while the transport takes more, and when the connection is lost."""

    @property
    def open(self) -> bool:
        """Whether frames may be written: the opening handshake is complete, and the closing one has not begun."""

    @property
    def deflates(self) -> bool:
        """Whether the client takes compressed messages, each by itself."""

    def detach(self, receiver: "Receiver") -> None:
        """Let the application return without ending the connection; *receiver* gets each event from now on."""

    def attach(self, writer: "FrameWriter") -> None:
        """Tell *writer* from now on what becomes of the connection."""


class FrameWriter:
    """Write whole frames to one socket.

    Nothing is written before the opening handshake is complete or after the closing one has begun, and the server's
    own control frames come between two frames, never inside one. No method raises.
    """

    __slots__ = ("_flowing", "_frames", "_limit", "_size", "_transport", "_waiting")

    def __init__(self, frames: Frames, limit: int) -> None:
        """Let at most *limit* bytes wait, or one message of any size."""
        self._frames = frames
        self._transport = frames.transport
        self._limit = limit
        self._waiting: list[bytes] = []  # Not a deque, which has half a kilobyte even when it is empty.
        self._size = 0
        self._flowing = False
        """Whether the connection was open and the transport had room when they were last looked at."""
        self._transport.set_write_buffer_limits(high=min(HANDED_OVER, limit // 4))
        frames.attach(self)
        self.refresh()

    def put(self, data: bytes) -> bool:
        """Write *data*, one or more frames, or let it wait its turn; False where too much is waiting already."""
        if not self._flowing or self._transport.is_closing():
            return self._put_behind(data)
        self._transport.write(data)
        return True

    def detach(self, receiver: Receiver) -> None:
        """Let the application return; *receiver* gets each event of the connection from now on."""
        self._frames.detach(receiver)

    def put_last(self, data: bytes) -> None:
        """Write *data* behind what waits, even over the limit."""
        if self._frames.open:
            self._hand_over(data)

    def drop(self) -> None:
        """Forget what waits here; what the transport holds can no longer be taken back."""
        self._waiting.clear()
        self._size = 0

    def abort(self) -> None:
        """End the connection at once, with whatever waits for it."""
        self.drop()
        self._transport.abort()

    async def drained(self) -> None:
        """Return when little waits for the client any more, or the connection is lost."""
        while not self._frames.writable.is_set():
            await self._frames.writable.wait()

    def pause(self) -> None:
        """Let everything wait from now on: the transport is full."""
        self._flowing = False

    def refresh(self) -> None:
        """See what the connection has become; hand over what waits, as far as the transport has room."""
        frames = self._frames
        if not frames.open:
            self.drop()
        while self._waiting and frames.writable.is_set():
            self._transport.write(self._take_portion())
        self._flowing = frames.open and frames.writable.is_set()

    def _put_behind(self, data: bytes) -> bool:
        if not self._frames.open:
            return True
        waiting = self._size + self._transport.get_write_buffer_size()
        if waiting and waiting + len(data) > self._limit:
            return False
        self._hand_over(data)
        return True

    def _hand_over(self, data: bytes) -> None:
        # Something waits here only while the transport is full, so that what it takes overtakes nothing.
        if self._frames.writable.is_set():
            self._transport.write(data)
        else:
            self._waiting.append(data)
            self._size += len(data)

    def _take_portion(self) -> bytes:
        """Take from what waits as many frames as the transport shall hold, one at least."""
        size = count = 0
        while count < len(self._waiting) and size < HANDED_OVER:
            size += len(self._waiting[count])
            count += 1
        portion, self._waiting = self._waiting[:count], self._waiting[count:]
        self._size -= size
        return b"".join(portion)
