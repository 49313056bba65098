"""What a node does by the clock: heads, outbox, ages of connections, summaries, and the upkeep that one node does."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from realtime import history, protocol, topics, upkeep
from realtime.connections import Connection
from realtime.errors import CloseCode, Disconnect
from realtime.fanout import PORTION
from realtime.frames import Texts

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)

TICK: Final = 1.0
"""Seconds between comparisons of heads; what a dead process or a lost message left behind waits no longer."""
TICK_DEGRADED: Final = 0.25
"""The same while the channel layer is away."""
POLL: Final = 0.1
"""Seconds between looks at SQLite's data version, by which another process's commit is seen."""
DEBOUNCE: Final = 0.15
"""Seconds in which publications share one query for the summaries."""
LEASE: Final = 15.0
"""Seconds for which one node does the upkeep; it renews after a third of that."""
PRUNE: Final = 60.0
"""Seconds between prunings of history."""
SILENT_PINGS: Final = 3
"""Pings that may stay unanswered before a client counts as dead."""

Work = Callable[[], Coroutine[Any, Any, None]]
Pause = Callable[[], float]


class Watch:
    """A node's clockwork. Each task logs what fails and goes on."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._tasks: list[asyncio.Task[None]] = []
        self._touched: dict[str, set[Connection]] = {}
        self._summarize = asyncio.Event()
        self._lease_until = 0.0
        self._pruned_at = 0.0
        self._data_version: int | None = None
        self._poller = ThreadPoolExecutor(1, thread_name_prefix="aether-poll")

    def start(self) -> None:
        """Start the tasks. Safe to call twice."""
        if self._tasks:
            return
        works: list[tuple[Work, Pause]] = [
            (self._heads, lambda: TICK_DEGRADED if self._node.broker.degraded else TICK),
            (self._connections, lambda: TICK),
            (self._upkeep, lambda: TICK),
            (self._summaries, lambda: 0.0),
        ]
        if connection.vendor == "sqlite":
            works.append((self._poll, lambda: POLL))
        for work, pause in works:
            self._tasks.append(asyncio.create_task(_repeat(work, pause), name=f"watch{work.__name__}"))

    async def stop(self) -> None:
        """End the tasks, wait for them, and let another node do the upkeep. Safe to call twice."""
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._lease_until:
            self._lease_until = 0.0
            with contextlib.suppress(DatabaseError, InterfaceError):  # It is away; the lease ends by itself.
                await self._node.run(upkeep.give_back, "upkeep", self._node.id)
        self._poller.submit(connection.close)
        self._poller.shutdown(wait=True)

    def summarize(self, stream: str, touched: Collection[Connection]) -> None:
        """Send *touched* their summaries of *stream* soon; calls within the debounce share one query."""
        self._touched.setdefault(stream, set()).update(touched)
        self._summarize.set()

    async def _heads(self) -> None:
        """Compare this node's positions with the database's heads, and number what is still pending.

        The positions are noted before the heads are read: only then is a lower head a database that went back.
        """
        self._node.relayer.wake()
        before = {name: (live.epoch, live.last) for name, live in self._node.hub.streams.items()}
        heads = await self._node.run(history.heads)
        for name, (epoch, last) in before.items():
            head, live = heads.get(name), self._node.hub.streams.get(name)
            if head is None or live is None or last is None or live.last is None:
                continue
            if head.epoch == epoch and head.offset < last:
                logger.error("The database is behind what was sent on %s: a restored backup. New epoch.", name)
                await self._node.run(partial(history.renew_epoch, name, seen=last))
            elif head.epoch != epoch:
                self._node.on_reset(name, "epoch_changed")
            elif head.offset > live.last:
                self._node.fill(name)

    async def _poll(self) -> None:
        version = await self._node.loop.run_in_executor(self._poller, _data_version)
        if version != self._data_version:
            self._data_version = version
            await self._heads()

    async def _connections(self) -> None:
        """Close what is too old or silent, and ping v1 clients."""
        now = time.monotonic()
        conf = self._node.conf
        for client in list(self._node.hub.connections.values()):
            silent = now - client.heard_at
            if now - client.opened_at > conf.timeout or silent > conf.timeout:
                client.close(Disconnect(CloseCode.NORMAL, "Idle or age limit"))
            elif client.v1 and silent > SILENT_PINGS * conf.ping_interval:
                client.close(Disconnect(CloseCode.NORMAL, "No answer to pings"))
            elif client.v1 and now - max(client.pinged_at, client.opened_at) > conf.ping_interval:
                client.pinged_at = now
                client.write(protocol.encode({"type": "ping"}))

    async def _summaries(self) -> None:
        await self._summarize.wait()
        await asyncio.sleep(DEBOUNCE)
        self._summarize.clear()
        for stream in list(self._touched):
            clients = self._touched.pop(stream)
            ids = {client.user.pk for client in clients}
            try:
                messages = await self._node.run(topics.registered()[stream].summaries, ids)
            except BaseException:
                self.summarize(stream, clients)
                raise
            await _send_summaries(clients, messages)

    async def _upkeep(self) -> None:
        """Do the topics' background work and what else is registered, on one node at a time."""
        now = time.monotonic()
        if now > self._lease_until - LEASE * 2 / 3:
            held = await self._node.run(upkeep.take_lease, "upkeep", self._node.id, LEASE)
            self._lease_until = now + LEASE if held else 0.0
        if self._lease_until > now:
            for work in (*(topic.upkeep for topic in topics.registered().values()), *upkeep.registered()):
                await self._do(work)
            if now - self._pruned_at > PRUNE:
                self._pruned_at = now
                await self._node.run(upkeep.prune_all)
                await self._node.run(upkeep.prune_audit)

    async def _do(self, work: Callable[[], None]) -> None:
        """Do one work of the upkeep. Where it fails by itself, all others, and the pruning, are done all the same."""
        try:
            await self._node.run(work)
        except (OperationalError, InterfaceError):  # The database is away, for the others too.
            raise
        except Exception:
            logger.exception("%s failed and will be tried again.", getattr(work, "__qualname__", work))


async def _send_summaries(clients: Iterable[Connection], messages: Mapping[int, Mapping[str, Any]]) -> None:
    """Send each of *clients* its user's message: also where it is the same, since a mark may have brought an older one.

    What several users get is made once, and the loop has its turn between portions, as in any fan-out.
    """
    texts = {pk: protocol.encode(message) for pk, message in messages.items()}
    shared = {text: Texts([text]) for text, users in Counter(texts.values()).items() if users > 1}
    for number, client in enumerate(clients, 1):
        text = texts.get(client.user.pk)
        if text is not None:
            client.sink.write(shared.get(text) or [text])
        if number % PORTION == 0:
            await asyncio.sleep(0)


def _data_version() -> int:
    """Return SQLite's data version: another number whenever another connection committed.

    Must always be asked on one connection, hence in one thread.

    https://www.sqlite.org/pragma.html#pragma_data_version
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])


async def _repeat(work: Work, pause: Pause) -> None:
    while True:
        try:
            await work()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("%s failed and will be tried again: %s", work.__name__.strip("_"), error)
            await asyncio.sleep(TICK)
        except Exception:
            logger.exception("%s failed and will be tried again.", work.__name__.strip("_"))
            await asyncio.sleep(TICK)
        await asyncio.sleep(pause())
