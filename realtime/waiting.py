"""What of asyncio's primitives a server's connection uses, in a fraction of the memory while nobody waits."""

import asyncio
from collections.abc import Callable
from typing import Any


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

    __slots__ = ("_filled", "_messages", "told")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._filled: asyncio.Future[None] | None = None
        self.told: Callable[[], None] | None = None
        """Who is told of each message, where no reader waits for it."""

    def empty(self) -> bool:
        """Return whether there is no message."""
        return not self._messages

    def put_nowait(self, message: Any) -> None:
        """Add *message*."""
        self._messages.append(message)
        if self.told is not None:
            self.told()
        if self._filled is not None and not self._filled.done():
            self._filled.set_result(None)

    async def get(self) -> Any:
        """Take the oldest message, and wait for one where there is none."""
        while not self._messages:
            self._filled = asyncio.get_running_loop().create_future()
            await self._filled
        self._filled = None
        return self._messages.pop(0)
