"""Where a connection's messages go when the server offers nothing faster: ASGI `send`, behind a bounded queue."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from realtime import protocol
from realtime.errors import CloseCode, Disconnect
from realtime.visits import Traffic

logger = logging.getLogger(__name__)

CLOSE_PATIENCE: Final = 5.0
"""Seconds for the last messages and the close frame; a stalled socket would never take them."""

PRIVATE: Final = 3_000
"""Added to a code that the server cannot send: 1008 becomes 4008. The `disconnect` before it has the true one."""

SendText = Callable[[str], Awaitable[None]]
SendClose = Callable[[int, str], Awaitable[None]]


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
        self.sent = Traffic()
        self.ending: Disconnect | None = None
        self._changed = asyncio.Event()
        self._drained = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="sink")

    def write(self, texts: Sequence[str]) -> None:
        """Queue *texts*; over the limit the connection is closed instead. Nothing is sent after `close`."""
        if self.ending is not None:
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
        if self.ending is None:
            self._waiting.append(protocol.disconnect(end, reconnect=reconnect))
            self.ending = end
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
        if self.ending is not None and self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + CLOSE_PATIENCE)

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(None) as self._patience:
                self._lose_patience()
                while self.ending is None or self._waiting:
                    await self._flush()
                await self._send_close(self.ending)
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
            self.sent.add(text)
        self._drained.set()
