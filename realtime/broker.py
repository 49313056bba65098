"""What lies between nodes: a thin wrapper over the channel layer.

It promises little, because the database is the truth: a message may be lost, repeated or late. It never makes anyone
wait: joining, leaving and sending are done by its own tasks, and what the layer cannot take is dropped and counted.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from channels.layers import BaseChannelLayer, InMemoryChannelLayer, get_channel_layer
from cryptography.fernet import InvalidToken

from realtime.counters import SECONDS, Histogram
from realtime.history import Published
from realtime.outbox import Passing

logger = logging.getLogger(__name__)

GROUP_PREFIX: Final = "aether."
NODES: Final = "aether.nodes"
"""The group of every node: broadcasts, and messages for one client wherever it is."""
PULSE: Final = 0.5
"""Seconds between the nonces that a node sends itself."""
MISSED: Final = 2
"""Nonces in a row that may be missing before the layer counts as degraded."""
PATIENCE: Final = 2.0
"""Seconds that the layer has for one join, leave or send."""
OUTGOING: Final = 1_000
"""Messages that may wait to be sent; the oldest is dropped beyond."""
REJOIN: Final = 3_600.0
"""Seconds after which groups are joined again: the in-memory and core layers forget members after a day."""

Receiver = Callable[[dict[str, Any]], None]


def reaches_others() -> bool:
    """Return whether the project's channel layer leads to other processes."""
    layer = get_channel_layer()
    return layer is not None and not isinstance(layer, InMemoryChannelLayer)


def group_of(stream: str) -> str:
    """Return the channel-layer group that a topic's publications travel on."""
    return GROUP_PREFIX + stream


def publications(stream: str, items: Sequence[Published], *, origin: str) -> tuple[str, dict[str, Any]]:
    """Return the group and the one message that carries numbered publications to every other node."""
    rows = [tuple(item)[:7] for item in items]
    times = [
        item.created_at and item.created_at.timestamp() for item in items
    ]  # Beside them: older nodes know 7 parts.
    message = {"type": "aether.publications", "origin": origin, "stream": stream, "items": rows, "times": times}
    if any(item.detail for item in items):
        message["details"] = [item.detail for item in items]
    return group_of(stream), message


def published(message: Mapping[str, Any]) -> list[Published]:
    """Return the publications that a message of `publications` carries; an older node says nothing of their times."""
    rows = message["items"]
    times, details = message.get("times") or [None] * len(rows), message.get("details") or [False] * len(rows)
    moments = (at and datetime.fromtimestamp(at, UTC) for at in times)
    return [
        Published(*row)._replace(created_at=moment, detail=detail)
        for row, moment, detail in zip(rows, moments, details, strict=True)
    ]


def passing(stream: str, items: Sequence[Passing], *, origin: str) -> tuple[str, dict[str, Any]]:
    """Return the group and the one message that carries ephemeral publications to every other node."""
    rows = [tuple(item) for item in items]
    return group_of(stream), {"type": "aether.passing", "origin": origin, "stream": stream, "items": rows}


class Broker:
    """One node's channel on the channel layer: its groups, sending, receiving, and whether the layer lives.

    *receiver* gets every message that arrives, on the event loop; it must neither wait nor raise.
    """

    def __init__(self, layer: BaseChannelLayer, receiver: Receiver) -> None:
        self._layer = layer
        self._receiver = receiver
        self._channel = ""
        self._wanted: set[str] = set()
        self._joined: set[str] = set()
        self._changed = asyncio.Event()
        self._opened = asyncio.Event()
        self._outgoing: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(OUTGOING)
        self._tasks: list[asyncio.Task[None]] = []
        self.unreadable = 0
        """Messages that no key of this node reads."""
        self.sent = 0
        """Messages to other nodes that the layer has taken."""
        self.dropped = 0
        """Messages to other nodes that it has not; what they told comes from the database."""
        self.round_trips = Histogram(SECONDS)
        """How long this node's nonces are under way."""
        self._sent = 0
        self._heard = 0

    @property
    def degraded(self) -> bool:
        """Whether the layer has not brought back this node's own messages lately."""
        return self._sent - self._heard > MISSED

    async def start(self) -> None:
        """Start the tasks, which open the node's channel once the layer is there. Safe to call twice."""
        if self._tasks:
            return
        for work in (self._receiving, self._membership, self._sending, self._pulse):
            self._tasks.append(asyncio.create_task(_forever(work), name=f"broker{work.__name__}"))

    def start_sending(self) -> None:
        """Start only what `publish` needs, in a process that receives nothing."""
        self._tasks.append(asyncio.create_task(_forever(self._sending), name="broker_sending"))

    async def stop(self) -> None:
        """Leave every group and end the tasks. Safe to call twice."""
        tasks, self._tasks = self._tasks, []
        await _ended(tasks)
        for group in list(self._joined):
            with contextlib.suppress(Exception):
                async with asyncio.timeout(PATIENCE):
                    await self._layer.group_discard(group, self._channel)
        self._joined.clear()

    def join(self, group: str) -> None:
        """Become a member of *group* as soon as the layer allows."""
        self._wanted.add(group)
        self._changed.set()

    def leave(self, group: str) -> None:
        """End the membership of *group* as soon as the layer allows."""
        self._wanted.discard(group)
        self._changed.set()

    def publish(self, group: str, message: dict[str, Any]) -> None:
        """Send *message* to every node in *group*; dropped where the layer is too far behind."""
        if self._outgoing.full():
            self._outgoing.get_nowait()
            self._outgoing.task_done()
            self.dropped += 1
            logger.warning("The channel layer is behind; a message was dropped and will come from the database.")
        self._outgoing.put_nowait((group, message))

    async def flush(self) -> None:
        """Return when everything that `publish` took has been sent or given up."""
        await self._outgoing.join()

    async def _receiving(self) -> None:
        if not self._channel:
            async with asyncio.timeout(PATIENCE):
                self._channel = await self._layer.new_channel()
            self._opened.set()
        try:
            message = await self._layer.receive(self._channel)
        except (InvalidToken, ValueError):
            self._unreadable()
            return
        if message.get("type") == "aether.pulse":
            self._heard = max(self._heard, int(message["count"]))
            self.round_trips.observe(asyncio.get_running_loop().time() - message["at"])
        else:
            self._receiver(message)

    def _unreadable(self) -> None:
        """Note a message of a node with other keys. What it told comes from the database."""
        self.unreadable += 1
        if self.unreadable == 1:
            logger.warning(
                "A message of the channel layer cannot be read: do all servers have the same ENCRYPTION_KEYS?"
            )

    async def _sending(self) -> None:
        group, message = await self._outgoing.get()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._layer.group_send(group, message)
            self.sent += 1
        except BaseException:
            self.dropped += 1
            raise
        finally:
            self._outgoing.task_done()

    async def _membership(self) -> None:
        await self._opened.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REJOIN):
                await self._changed.wait()
        if not self._changed.is_set():
            self._joined.clear()
        self._changed.clear()
        try:
            for group in self._wanted - self._joined:
                async with asyncio.timeout(PATIENCE):
                    await self._layer.group_add(group, self._channel)
                self._joined.add(group)
            for group in self._joined - self._wanted:
                async with asyncio.timeout(PATIENCE):
                    await self._layer.group_discard(group, self._channel)
                self._joined.discard(group)
        except BaseException:
            self._changed.set()
            raise

    async def _pulse(self) -> None:
        self._sent += 1
        if self.degraded and self._sent - self._heard == MISSED + 1:
            logger.warning("The channel layer does not answer; publications come from the database until it does.")
        now = asyncio.get_running_loop().time()
        message = {"type": "aether.pulse", "count": self._sent, "at": now}
        due = now + PULSE
        with contextlib.suppress(TimeoutError):  # Where the layer is frozen, the next one is due all the same.
            async with asyncio.timeout_at(due):
                await self._opened.wait()
                await self._layer.send(self._channel, message)
        await asyncio.sleep(due - asyncio.get_running_loop().time())


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel *tasks* until they have ended.

    Once is not enough: libraries drop a cancellation that comes as their work completes (`wait_for` until Python 3.11).
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=0.1)


async def _forever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run *work* again and again; after a failure log it and wait a little, with jitter."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001  A task's root.
            logger.warning("The channel layer failed in %s: %s", work.__name__, str(error) or type(error).__name__)
            await asyncio.sleep(0.3 + secrets.randbelow(400) / 1000)
