"""Where a WebSocket connection's messages go: to the server's frame writer, or where it offers none through ASGI."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from realtime import protocol
from realtime.counters import counters
from realtime.errors import CloseCode, Disconnect
from realtime.frames import Texts
from realtime.writer import Frames, FrameWriter

logger = logging.getLogger(__name__)

CLOSE_PATIENCE: Final = 5.0
"""Seconds for the last messages and the close frame; a stalled socket would never take them."""

PRIVATE: Final = 3_000
"""Added to a code that the server cannot send: 1008 becomes 4008. The `disconnect` before it has the true one."""

SendText = Callable[[str], Awaitable[None]]
SendClose = Callable[[int, str], Awaitable[None]]
Log = Callable[[str], None]


class FrameSink(FrameWriter):
    """Write frames straight to the socket; those of `Texts` that others get too are made once for all.

    More than *limit* bytes waiting end the connection with 4100; the client resumes from its position. One that does
    not take even its close is aborted. *deflate_from* is the least size of a message that is compressed where the
    client takes it so, and others get it too; *log* is told of every message.
    """

    __slots__ = ("_close", "_closing", "_deflate_from", "_end", "_log", "sent", "written")

    def __init__(self, frames: Frames, close: SendClose, *, limit: int, deflate_from: int, log: Log | None) -> None:
        super().__init__(frames, limit)
        self._close = close
        self._deflate_from = deflate_from if frames.deflates else None
        self._log = log
        self._end: Disconnect | None = None
        self._closing: asyncio.Task[None] | None = None
        self.sent = 0
        """Messages so far."""
        self.written = 0
        """Bytes of their frames."""

    def write(self, texts: Sequence[str]) -> None:
        """Write *texts*; over the limit the connection is closed instead. Nothing is sent after `close`."""
        if self._end is not None:
            return
        if type(texts) is not Texts:
            data = Texts(texts).plain  # Compressing what one client alone gets would keep all the others waiting.
        elif self._deflate_from is None:
            data = texts.plain
        else:
            data = texts.deflated(self._deflate_from)
        self.sent += len(texts)
        self.written += len(data)
        if self._log is not None:
            for text in texts:
                self._log(text)
        if not self.put(data):
            self.close(Disconnect(CloseCode.SLOW_CONSUMER, "Slow consumer"), reconnect=True)

    def close(self, end: Disconnect, *, reconnect: bool) -> None:
        """Send what is waiting, then `disconnect`, then the close frame. Only the first call counts."""
        if self._end is not None:
            return
        self._end = end
        counters.closes.add(str(end.code.value))
        text = protocol.disconnect(end, reconnect=reconnect)
        if self._log is not None:
            self._log(text)
        if end.code is CloseCode.SLOW_CONSUMER:
            self.drop()  # It would not come to its end, and has all of it again from its position.
        self.put_last(Texts([text]).plain)
        self._closing = asyncio.create_task(self._send_close(end), name="close")

    @property
    def closing(self) -> bool:
        """Whether this side has begun to end the connection."""
        return self._end is not None

    async def stop(self) -> None:
        """Stop closing. Safe to call twice."""
        if self._closing is not None:
            self._closing.cancel()
            await asyncio.gather(self._closing, return_exceptions=True)

    async def ended(self) -> None:
        """Return when the connection was closed from this side."""
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def _send_close(self, end: Disconnect) -> None:
        try:
            async with asyncio.timeout(CLOSE_PATIENCE):
                await self._close(end.code.value, end.reason)
        except TimeoutError:
            logger.info("A client did not take its last messages; the connection was dropped.")
            self.abort()
        except Exception as error:  # noqa: BLE001  A task's root; servers raise errors of their own for a peer that has gone.
            # The peer is gone: its receive side hears of it and cleans up.
            logger.debug("Closing a connection failed: %r", error)


class AsgiSink:
    """Send texts through ASGI from a task of its own, so that nobody waits for this client.

    More than *limit* characters waiting end the connection with 4100; the client resumes from its position.
    *on_stalled* is called where the client takes not even its close: whoever serves it must let go.
    """

    def __init__(self, send: SendText, close: SendClose, *, limit: int, on_stalled: Callable[[], None]) -> None:
        self._send = send
        self._close = close
        self._limit = limit
        self._on_stalled = on_stalled
        self._patience: asyncio.Timeout | None = None
        self._waiting: deque[str] = deque()
        self._size = 0
        self._end: Disconnect | None = None
        self._changed = asyncio.Event()
        self._drained = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="sink")

    def write(self, texts: Sequence[str]) -> None:
        """Queue *texts*; over the limit the connection is closed instead. Nothing is sent after `close`."""
        if self._end is not None:
            return
        size = sum(map(len, texts))
        if self._waiting and self._size + size > self._limit:
            self._waiting.clear()
            self.close(Disconnect(CloseCode.SLOW_CONSUMER, "Slow consumer"), reconnect=True)
            return
        self._waiting.extend(texts)
        self._size += size
        self._drained.clear()
        self._changed.set()

    def close(self, end: Disconnect, *, reconnect: bool) -> None:
        """Send what is waiting, then `disconnect`, then the close frame. Only the first call counts."""
        if self._end is None:
            self._waiting.append(protocol.disconnect(end, reconnect=reconnect))
            self._end = end
            counters.closes.add(str(end.code.value))
            self._changed.set()
            self._lose_patience()

    async def drained(self) -> None:
        """Return when nothing waits for the client any more, or the connection has ended."""
        await self._drained.wait()

    async def stop(self) -> None:
        """End the task; what still waits is dropped. Safe to call twice."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def ended(self) -> None:
        """Return when the connection was closed from this side."""
        await asyncio.shield(self._task)

    def _lose_patience(self) -> None:
        """Bound the rest once the end is known: a send that waits for a stalled client would never return."""
        if self._end is not None and self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + CLOSE_PATIENCE)

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(None) as self._patience:
                self._lose_patience()
                while self._end is None or self._waiting:
                    await self._flush()
                await self._send_close(self._end)
        except TimeoutError:
            logger.info("A client did not take its last messages; the connection was dropped.")
            self._on_stalled()
        except Exception as error:  # noqa: BLE001  A task's root; servers raise errors of their own for a peer that has gone.
            # The peer is gone: its receive side hears of it and cleans up.
            logger.debug("Sending to a client failed: %r", error)
        finally:
            self._patience = None
            self._drained.set()

    async def _send_close(self, end: Disconnect) -> None:
        """Close with the end's code, or with its private twin where the server sends no such code.

        autobahn, and so daphne, lets an application send 1000 and 3000–4999 alone.
        """
        try:
            await self._close(end.code.value, end.reason)
        except Exception:
            if end.code >= PRIVATE:
                raise
            await self._close(PRIVATE + end.code, end.reason)

    async def _flush(self) -> None:
        if not self._waiting:
            self._drained.set()
            self._changed.clear()
            await self._changed.wait()
        while self._waiting:
            text = self._waiting.popleft()
            self._size -= len(text)
            await self._send(text)
        self._drained.set()
