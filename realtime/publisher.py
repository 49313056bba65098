"""Relaying from a process that serves nobody: a WSGI server, a task queue's worker, a long script.

A process that published for a second relays for itself from then on, over one kept connection to the channel layer.
One that ends sooner leaves it to the servers, which look at the outbox every second.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Sequence
from typing import Final

from channels.layers import InMemoryChannelLayer, get_channel_layer

from realtime import node
from realtime.broker import Broker, publications
from realtime.history import Published
from realtime.relayer import Relayer

logger = logging.getLogger(__name__)

PATIENCE: Final = 1.0
"""Seconds of publishing after which a process counts as long-lived."""


class Publisher:
    """A relayer and a sending broker, in threads of their own: no event loop is needed to publish."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._lock = threading.Lock()
        self._relayer: Relayer | None = None

    def nudge(self) -> None:
        """Say that something was committed and nobody here relays. Cheap; callable from any thread."""
        if node.here() is not None:
            return
        now = time.monotonic()
        with self._lock:
            self._first = self._first or now
            if self._relayer is None and now - self._first >= PATIENCE and _reaches_others():
                self._relayer = self._start()
            if self._relayer is not None:
                self._relayer.wake()

    def forget(self) -> None:
        """Start anew in a forked child, which has none of the threads."""
        self.__init__()  # type: ignore[misc]

    def _start(self) -> Relayer:
        loop = asyncio.new_event_loop()
        ready: threading.Event = threading.Event()
        brokers: list[Broker] = []

        async def serve() -> None:
            layer = get_channel_layer()
            assert layer is not None
            brokers.append(Broker(layer, lambda message: None))
            brokers[0].start_sending()
            ready.set()
            await asyncio.Event().wait()

        def deliver(stream: str, items: Sequence[Published]) -> None:
            loop.call_soon_threadsafe(lambda: brokers[0].publish(*publications(stream, items, origin="")))

        threading.Thread(target=loop.run_until_complete, args=(serve(),), name="aether-publisher", daemon=True).start()
        ready.wait()
        relayer = Relayer(deliver)
        relayer.start()
        logger.debug("This process relays for itself now.")
        return relayer


publisher = Publisher()
os.register_at_fork(after_in_child=publisher.forget)


def _reaches_others() -> bool:
    layer = get_channel_layer()
    return layer is not None and not isinstance(layer, InMemoryChannelLayer)
