"""One server process: its hub, its broker, its relayer, and the tasks that keep them right.

A node belongs to an event loop and starts with the first connection, because daphne sends no lifespan.
"""

import asyncio
import contextlib
import contextvars
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError, connection

from realtime import conf, control, credentials, history, outbox, topics
from realtime.broker import NODES, Broker, group_of, passing, publications, published
from realtime.connections import Connection
from realtime.counters import counters
from realtime.errors import UnrecoverablePosition
from realtime.history import Published, Window
from realtime.hub import Hub
from realtime.identity import Claim, Identity
from realtime.meter import Meter
from realtime.outbox import Passing
from realtime.quotas import Quotas
from realtime.recovery import Recovery
from realtime.relayer import Relayer
from realtime.revalidation import Revalidation
from realtime.roll_call import END, ROLL_CALL, RollCall
from realtime.subscribing import Subscribing
from realtime.together import Together
from realtime.watch import Watch

logger = logging.getLogger(__name__)

T = TypeVar("T")
POOL: Final = 4
"""Threads for authentication, snapshots and reading history."""
REORDER: Final = 0.05
"""Seconds that a publication which came before its turn waits for the ones before it."""
RETRY: Final = 0.5
"""Seconds until a failed read of the history is tried again."""

_nodes: dict[asyncio.AbstractEventLoop, "Node"] = {}


class Node:
    """The live part of one process. Use `running()` to get the one of the current event loop."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.conf = conf.load()
        self.loop = asyncio.get_running_loop()
        self.draining = False
        self.hub = Hub(on_gap=self._on_gap, on_touched=self._on_touched, window=self._window, soon=self.loop.call_soon)
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("CHANNEL_LAYERS has no default layer; docs/settings.md shows one.")
        self.broker = Broker(layer, self._on_message)
        self.relayer = Relayer(self._on_relayed)
        self.watch = Watch(self)
        self.recovery = Recovery(self)
        self.subscribing = Subscribing(self, self.recovery)
        self.revalidation = Revalidation(self)
        self.quotas = Quotas(self.conf.limits)
        self.roll_call = RollCall(self)
        self.verifying: Together[Claim, Identity | None] = Together(partial(self.run, credentials.verify_each))
        self.meter = Meter(self, self.conf.metrics_directory)
        self._pool = ThreadPoolExecutor(POOL, thread_name_prefix="aether-node")
        self._filling: dict[str, asyncio.Task[None]] = {}
        self._starting = asyncio.Lock()
        self.started = False
        self._forget_passing: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Start everything that the node owns; whoever calls meanwhile waits for the same start. Safe to call twice."""
        if self.started:
            return
        async with self._starting:
            if not self.started:
                self.meter.start()
                await self.run(history.ensure, [*topics.registered(), control.STREAM])
                self.broker.join(NODES)
                await self.broker.start()
                self.relayer.start()
                self._forget_passing = outbox.on_passing(self._on_passing)
                await self.revalidation.start()
                self.watch.start()
                self.quotas.start()
                self.roll_call.start()
                self.started = True
                logger.info("Node %s started.", self.id)

    async def stop(self) -> None:
        """Stop everything that the node owns, and wait for it. Safe to call twice."""
        await self.meter.stop()
        await self.quotas.stop()
        await self.roll_call.stop()
        await self.verifying.stop()
        await self.subscribing.stop()
        await self.watch.stop()
        await self.revalidation.stop()
        await self.recovery.stop()
        for task in list(self._filling.values()):
            task.cancel()
        await asyncio.gather(*self._filling.values(), return_exceptions=True)
        self._forget_passing()
        await self.loop.run_in_executor(None, self.relayer.stop)
        await self.broker.stop()
        await self.loop.run_in_executor(None, self._close_pool)
        logger.info("Node %s stopped.", self.id)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run *work*, which may query the database, in the node's own pool of threads."""
        here = contextvars.copy_context()  # What the work logs is told of the same request or connection.
        return await self.loop.run_in_executor(self._pool, here.run, _with_database, work, arguments)

    def remove(self, gone: Connection) -> None:
        """Forget a connection; the node leaves the groups that nobody here needs any more."""
        followed = list(gone.subscriptions)
        self.quotas.release(gone.client_id)
        self.subscribing.forget(gone)
        self.hub.remove(gone)
        for stream in followed:
            self.leave_unused(stream)

    def leave_unused(self, stream: str) -> None:
        """Leave the group of *stream* where no local subscriber is left."""
        self.hub.drop_unused(stream)
        if stream not in self.hub.streams:
            self.broker.leave(group_of(stream))

    async def follow(self, stream: str) -> None:
        """Join the group of *stream* and know its head; returns at once where both is so already."""
        live = self.hub.follow(stream)
        self.broker.join(group_of(stream))
        if live.last is None:
            self.hub.start_at(stream, await self.run(history.head, stream))
            self.broker.join(group_of(stream))  # Whoever else was subscribed may have left it in the meantime.

    def broadcast(self, text: str, topic: str | None) -> None:
        """Send an ephemeral message to every node's connections, or to the subscribers of *topic*."""
        self.hub.broadcast(text, topic)
        self.broker.publish(NODES, {"type": "aether.broadcast", "origin": self.id, "topic": topic, "text": text})

    def send_to(self, client_id: str, text: str) -> None:
        """Send an ephemeral message to one client, on whichever node it is."""
        if here := self.hub.connections.get(client_id):
            here.write(text)
            return
        message = {"type": "aether.personal", "origin": self.id, "client_id": client_id, "text": text}
        self.broker.publish(NODES, message)

    def pass_on(self, stream: str, items: Sequence[Passing]) -> None:
        """Hand ephemeral publications to every node's subscribers."""
        self.hub.pass_on(stream, items)
        self.broker.publish(*passing(stream, items, origin=self.id))

    def fill(self, stream: str, delay: float = 0.0) -> None:
        """Read what this node misses of *stream* from the database, after *delay* seconds; one read at a time."""
        if stream not in self._filling:
            task = self.loop.create_task(self._fill(stream, delay), name=f"fill {stream}")
            self._filling[stream] = task
            task.add_done_callback(lambda _: self._filling.pop(stream, None))

    def on_reset(self, stream: str, reason: str) -> None:
        """Give every subscriber of *stream* a `reset` and a fresh snapshot: this node cannot continue it."""
        self.recovery.reset(stream, reason)
        if stream == control.STREAM:
            self.revalidation.everyone()

    async def _fill(self, stream: str, delay: float) -> None:
        await asyncio.sleep(delay)
        while (live := self.hub.streams.get(stream)) is not None and live.last is not None:
            try:
                items = await self.run(history.since, stream, live.last)
            except UnrecoverablePosition as lost:
                self.on_reset(stream, lost.reason)
                return
            except (DatabaseError, InterfaceError) as error:
                logger.warning("Reading the history of %s failed and will be tried again: %s", stream, error)
                await asyncio.sleep(RETRY)
                continue
            counters.gaps += bool(items)
            counters.filled += len(items)
            self.hub.receive(stream, items)
            # What came early meanwhile may wait for more than this reading found, and no second one began for it.
            if not items or (len(items) < history.CHUNK and not live.early):
                return

    def _close_pool(self) -> None:
        """Close every thread's database connection, then end the threads; a test database is dropped after this."""
        together = threading.Barrier(POOL)
        with contextlib.suppress(RuntimeError):  # It was closed before.
            for _ in range(POOL):
                self._pool.submit(_close_with_others, together)
        self._pool.shutdown(wait=True)

    def _on_relayed(self, stream: str, items: Sequence[Published]) -> None:
        """Hand over to the loop: from the relayer's thread an in-memory layer would not wake its receiver."""
        with contextlib.suppress(RuntimeError):  # The loop is closing; the next node reads it from the database.
            self.loop.call_soon_threadsafe(self._publish, stream, items)

    def _on_passing(self, stream: str, items: Sequence[Passing]) -> None:
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.pass_on, stream, items)

    def _publish(self, stream: str, items: Sequence[Published]) -> None:
        self.hub.receive(stream, items)
        self.broker.publish(*publications(stream, items, origin=self.id))

    def _on_message(self, message: dict[str, Any]) -> None:
        if message.get("origin") == self.id:
            return
        match message["type"]:
            case "aether.publications":
                self.hub.receive(message["stream"], published(message))
            case "aether.passing":
                self.hub.pass_on(message["stream"], [Passing(*row) for row in message["items"]])
            case "aether.broadcast":
                self.hub.broadcast(message["text"], message["topic"])
            case "aether.personal":
                if here := self.hub.connections.get(message["client_id"]):
                    here.write(message["text"])
            case kind if kind in {ROLL_CALL, END}:
                self.roll_call.hear(message)

    def _on_gap(self, stream: str) -> None:
        self.fill(stream, REORDER)

    def _on_touched(self, stream: str, touched: set[Connection]) -> None:
        self.watch.summarize(stream, touched)

    def _window(self) -> Window:
        return Window(count=self.conf.window_count, size=self.conf.window_size)


def _with_database(work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """Run *work*, which may be repeated: once more where it failed because the thread's connection had died.

    After a restart of the database every kept connection is dead, and none of them shall cost a client its answer.
    """
    kept = connection.connection is not None
    try:
        return work(*arguments)
    except (DatabaseError, InterfaceError):
        died = kept and not connection.is_usable()
        connection.close()
        if not died:
            raise
    try:
        return work(*arguments)
    except (DatabaseError, InterfaceError):
        connection.close()
        raise


def _close_with_others(together: threading.Barrier) -> None:
    """Close this thread's connection; waiting for the others makes each thread take one such call."""
    connection.close()
    with contextlib.suppress(threading.BrokenBarrierError):
        together.wait(timeout=1)


async def running() -> Node:
    """Return the current event loop's node, started; where that failed before, it is tried again.

    Raises: DatabaseError, while the database is away.
    """
    loop = asyncio.get_running_loop()
    node = _nodes.get(loop)
    if node is None:
        for closed in [other for other in _nodes if other.is_closed()]:
            del _nodes[closed]
        node = _nodes[loop] = Node()
    if not node.started:
        # In a context of its own: the node outlives the connection that starts it, and must not log in its name.
        await asyncio.create_task(node.start(), context=contextvars.Context())
    return node


async def stop() -> None:
    """Stop the current event loop's node, where there is one."""
    if node := _nodes.pop(asyncio.get_running_loop(), None):
        await node.stop()


def here() -> Node | None:
    """Return a node of this process, from any thread; None where this process serves nobody."""
    return next((node for node in _nodes.values() if not node.loop.is_closed()), None)
