"""The clockwork behind /metrics: how late the event loop is, and telling the other workers of this one's numbers."""

import asyncio
import contextlib
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from realtime import metrics
from realtime.counters import counters
from realtime.metrics import Reading
from realtime.slots import Slot

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)

STEP: Final = 0.25
"""Seconds between looks at the event loop's clock."""
EVERY: Final = 8
"""Steps after which the other workers are told: what they answer with is at most two seconds old."""


class Meter:
    """One node's. Where the settings name no directory, the process serves alone and nothing is written."""

    def __init__(self, node: "Node", directory: str) -> None:
        self._node = node
        self._directory = directory
        self._slot: Slot | None = None
        self._writing = threading.Lock()
        """Held from reading the numbers until they are written, so that older ones never replace newer ones."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task. Safe to call twice."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="meter")

    async def stop(self) -> None:
        """End it; the counters stay known to the other workers. Safe to call twice."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(self._close)

    def total(self) -> Reading:
        """Return the numbers of all workers together. Callable from any thread. Raises: OSError."""
        if self._slot is None:
            return metrics.read(self._node)
        # Written first: what one answer has must never be missing in the next one, which another worker may give.
        self._write()
        return self._slot.total()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._tell()
            for _ in range(EVERY):
                due = loop.time() + STEP
                await asyncio.sleep(STEP)
                counters.lag.observe(loop.time() - due)

    async def _tell(self) -> None:
        if self._directory:
            try:
                await asyncio.to_thread(self._write)
            except OSError as error:
                logger.warning("The other workers cannot be told of this one's metrics: %s", error)

    def _write(self) -> None:
        with self._writing:
            if self._slot is None:
                self._slot = Slot(Path(self._directory))
            self._slot.write(metrics.read(self._node))

    def _close(self) -> None:
        if self._slot is not None:
            with contextlib.suppress(OSError):
                self._write()
            self._slot.close()
            self._slot = None
