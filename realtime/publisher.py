"""Relaying from a process that serves nobody: a WSGI server, a task queue's worker, a long script.

A process that published for a second relays for itself from then on, over one kept connection to the channel layer.
One that ends sooner leaves it to the servers, which look at the outbox every second.
"""

import asyncio
import atexit
import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError

from realtime import node, outbox
from realtime.broker import Broker, passing, publications, reaches_others
from realtime.outbox import Passing
from realtime.relayer import Relayer

logger = logging.getLogger(__name__)

PATIENCE: Final = 1.0
"""Seconds of publishing after which a process counts as long-lived."""
FLUSH: Final = 2.0
"""Seconds that a process waits at its end for what is still on its way."""

Send = Callable[[tuple[str, dict[str, Any]]], None]


class Publisher:
    """A relayer and a sending broker, in threads of their own: no event loop is needed to publish."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._lock = threading.Lock()
        self._relayer: Relayer | None = None
        self._sending = threading.Lock()
        self._send: Send | None = None

    def nudge(self) -> None:
        """Say that something was committed and nobody here relays. Cheap; callable from any thread."""
        if node.here() is not None:
            return
        now = time.monotonic()
        with self._lock:
            self._first = self._first or now
            if self._relayer is None and now - self._first >= PATIENCE and reaches_others():
                self._relayer = Relayer(lambda stream, items: self._sender()(publications(stream, items, origin="")))
                self._relayer.start()
                logger.debug("This process relays for itself now.")
            if self._relayer is not None:
                self._relayer.wake()

    def pass_on(self, stream: str, items: Sequence[Passing]) -> None:
        """Send ephemeral publications, which no server would find in the database. Callable from any thread."""
        if reaches_others():
            self._sender()(passing(stream, items, origin=""))

    def relay_now(self) -> None:
        """Relay what is pending from this thread, for what cannot wait for a server's next look.

        Where a node runs here, or servers could not be reached, that is left to them.
        """
        if node.here() is not None or not reaches_others():
            return
        try:
            for stream in outbox.pending_streams():
                if items := outbox.relay(stream):
                    self._sender()(publications(stream, items, origin=""))
        except (DatabaseError, InterfaceError) as error:
            logger.warning("What was published is left to the servers: %s", error)

    def forget(self) -> None:
        """Start anew in a forked child, which has none of the threads."""
        self.__init__()  # type: ignore[misc]

    def _sender(self) -> "Send":
        with self._sending:
            if self._send is None:
                self._send = _start_broker()
            return self._send


publisher = Publisher()
os.register_at_fork(after_in_child=publisher.forget)


def _start_broker() -> Send:
    """Start a broker that only sends, in a thread of its own; return what hands it a message from any thread."""
    loop = asyncio.new_event_loop()
    started: queue.SimpleQueue[Broker] = queue.SimpleQueue()

    async def serve() -> None:
        layer = get_channel_layer()
        assert layer is not None
        broker = Broker(layer, lambda message: None)
        broker.start_sending()
        started.put(broker)
        await asyncio.Event().wait()

    threading.Thread(target=loop.run_until_complete, args=(serve(),), name="aether-publisher", daemon=True).start()
    broker = started.get()

    def send(message: tuple[str, dict[str, Any]]) -> None:
        loop.call_soon_threadsafe(broker.publish, *message)

    def flush() -> None:
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(broker.flush(), loop).result(FLUSH)

    atexit.register(flush)
    return send
