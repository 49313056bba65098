"""The node's connections, subscriptions and fan-out.

Synchronous and single-threaded: everything here runs on the node's event loop and never waits. What a socket cannot
take at once is its sink's concern, so that no client waits for another.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from realtime import protocol
from realtime.connections import Connection, Dialect, Subscription
from realtime.counters import FanOut
from realtime.history import Head, Published, Window
from realtime.outbox import Passing

logger = logging.getLogger(__name__)

EARLY_LIMIT: Final = 10_000
"""Publications kept that came before their turn; the database has the rest."""
BATCH_LIMIT: Final = 100
"""Messages in one `batch`."""


@dataclass(eq=False, slots=True)
class LiveStream:
    """A stream that this node follows. `last` is None until its head was read."""

    name: str
    window: Window
    epoch: str = ""
    last: int | None = None
    early: dict[int, Published] = field(default_factory=dict)
    subscribers: dict[Connection, Subscription] = field(default_factory=dict)
    listener: Callable[[Sequence[Published]], None] | None = None
    """Who in this process is told of everything on the stream, whatever its audience."""
    reached_back: asyncio.Future[None] | None = None
    """The one read of history that put older publications into the window."""


Touched = Callable[[str, set[Connection]], None]
Gap = Callable[[str], None]


class Hub:
    """Fan publications out to the connections that may see them, in order and each once.

    *on_gap* is called when something is missing before a publication; *on_touched* with the v1 connections that a
    fan-out reached.
    """

    def __init__(self, *, on_gap: Gap, on_touched: Touched, window: Callable[[], Window]) -> None:
        self.connections: dict[str, Connection] = {}
        self.streams: dict[str, LiveStream] = {}
        self.counts = FanOut()
        self._on_gap = on_gap
        self._on_touched = on_touched
        self._window = window

    def add(self, connection: Connection) -> None:
        """Take in a connection, which then receives broadcasts."""
        self.connections[connection.client_id] = connection

    def remove(self, connection: Connection) -> None:
        """Forget a connection and its subscriptions. Safe to call twice."""
        self.connections.pop(connection.client_id, None)
        for stream in list(connection.subscriptions):
            self.detach(connection, stream)
        connection.topics.clear()

    def follow(self, stream: str) -> LiveStream:
        """Return the live stream of that name, made where it does not exist yet."""
        if stream not in self.streams:
            self.streams[stream] = LiveStream(stream, self._window())
        return self.streams[stream]

    def listen(self, stream: str, listener: Callable[[Sequence[Published]], None]) -> None:
        """Have *listener* called with whatever comes on *stream*, which is then followed for good."""
        self.follow(stream).listener = listener

    def start_at(self, stream: str, head: Head) -> None:
        """Let a followed stream continue from *head*; what came in the meantime is taken up."""
        live = self.follow(stream)
        if live.last is None:
            live.epoch, live.last = head.epoch, head.offset
            self._take_up(live)

    def restart_at(self, stream: str, head: Head) -> list[Subscription]:
        """Start a followed stream anew at *head* and detach its subscribers, who need a snapshot. Returns them."""
        live = self.follow(stream)
        live.epoch, live.last = head.epoch, head.offset
        live.window.clear()
        live.reached_back = None
        live.early.clear()
        cut = list(live.subscribers.values())
        live.subscribers.clear()
        return cut

    def attach(self, subscription: Subscription, stream: str) -> None:
        """Let *subscription* receive what comes from now on, unless its client has gone or left it meanwhile."""
        if subscription.connection.client_id not in self.connections or not subscription.topics:
            self.drop_unused(stream)
            return
        self.streams[stream].subscribers[subscription.connection] = subscription
        subscription.connection.subscriptions[stream] = subscription

    def pause(self, subscription: Subscription, stream: str) -> None:
        """Hold *subscription* back until it is attached again; the stream stays followed."""
        if live := self.streams.get(stream):
            live.subscribers.pop(subscription.connection, None)

    def detach(self, connection: Connection, stream: str) -> None:
        """End a connection's subscription on *stream*; the stream is forgotten with its last subscriber."""
        connection.subscriptions.pop(stream, None)
        if live := self.streams.get(stream):
            live.subscribers.pop(connection, None)
            self.drop_unused(stream)

    def drop_unused(self, stream: str) -> None:
        """Forget a stream that nobody here is subscribed to."""
        live = self.streams.get(stream)
        if live is not None and not live.subscribers and live.listener is None:
            del self.streams[stream]

    def receive(self, stream: str, items: Sequence[Published]) -> None:
        """Take in numbered publications from any source: duplicates are dropped, a gap is reported."""
        live = self.streams.get(stream)
        if live is None:
            return
        last = live.last or 0
        for item in items:
            # What comes next is always taken in; else a flood of early ones would keep it out for ever.
            if item.offset > last and (len(live.early) < EARLY_LIMIT or item.offset <= last + EARLY_LIMIT):
                live.early[item.offset] = item
        if live.last is not None:
            self._take_up(live)

    def send(self, subscription: Subscription, stream: str, items: Iterable[Published]) -> bool:
        """Write those of *items* that *subscription* wants to its client; False when there were none."""
        texts: list[str] = []
        for item in items:
            if item.id in subscription.suppressed:
                subscription.suppressed.discard(item.id)
            elif subscription.wants(item):
                texts.extend(_texts(stream, item, subscription.connection.dialect))
        if texts:
            subscription.connection.sink.write(_packed(texts, subscription.connection.dialect))
        return bool(texts)

    def pass_on(self, stream: str, items: Sequence[Passing]) -> None:
        """Write ephemeral publications to the subscribers in their audience."""
        live = self.streams.get(stream)
        for connection, subscription in list(live.subscribers.items()) if live else ():
            texts = [item.text for item in items if subscription.covers(item.audience, item.key)]
            if texts:
                connection.sink.write(_packed(texts, connection.dialect))

    def broadcast(self, text: str, topic: str | None) -> None:
        """Send an ephemeral message to every connection, or to the subscribers of *topic* and of `all`."""
        for connection in list(self.connections.values()):
            if topic is None or topic in connection.topics or "all" in connection.topics:
                connection.write(text)

    def _take_up(self, live: LiveStream) -> None:
        """Fan out what now continues the stream without a hole; report a hole where one remains."""
        assert live.last is not None
        ready: list[Published] = []
        while (item := live.early.pop(live.last + 1, None)) is not None:
            live.last = item.offset
            live.window.append(item)
            ready.append(item)
        if live.early:
            live.early = {offset: item for offset, item in live.early.items() if offset > live.last}
        if ready:
            self._fan_out(live, ready)
        if live.early:
            self._on_gap(live.name)

    def _fan_out(self, live: LiveStream, items: Sequence[Published]) -> None:
        """Write *items* to every subscriber that wants them; texts are made once for all who get the same."""
        present = frozenset(item.audience for item in items)
        made: dict[tuple[frozenset[str], frozenset[str] | None, Dialect], list[str]] = {}
        touched: set[Connection] = set()
        deliveries = 0
        for connection, subscription in list(live.subscribers.items()):
            relevant = subscription.audiences & present
            if subscription.suppressed or subscription.after >= items[0].offset:
                reached = self.send(subscription, live.name, items)
            elif not relevant:
                continue
            else:
                same = (relevant, subscription.keys, connection.dialect)
                if same not in made:
                    wanted = [_texts(live.name, item, connection.dialect) for item in items if subscription.wants(item)]
                    made[same] = _packed(list(chain.from_iterable(wanted)), connection.dialect)
                if reached := bool(made[same]):
                    connection.sink.write(made[same])
            deliveries += reached
            if reached and connection.v1:
                touched.add(connection)
        self._count(items, deliveries)
        if live.listener:
            live.listener(items)
        if touched:
            self._on_touched(live.name, touched)

    def _count(self, items: Sequence[Published], deliveries: int) -> None:
        self.counts.rounds += 1
        self.counts.publications += len(items)
        self.counts.deliveries += deliveries
        if deliveries:
            self.counts.written((item.created_at.timestamp() for item in items if item.created_at), time.time())


def _texts(stream: str, item: Published, dialect: Dialect) -> list[str]:
    """Return the messages that one publication is for a client of that kind."""
    if item.legacy is None or dialect.v1:
        return [protocol.splice(item.body, stream, item.offset)]
    return [protocol.splice(body, stream, item.offset) for body in protocol.parts(item.legacy)]


def _packed(texts: list[str], dialect: Dialect) -> list[str]:
    if not dialect.batches or len(texts) < 2:
        return texts
    return [protocol.batch(texts[start : start + BATCH_LIMIT]) for start in range(0, len(texts), BATCH_LIMIT)]
