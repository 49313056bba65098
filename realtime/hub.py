"""The node's connections, subscriptions and fan-out.

Synchronous and single-threaded: everything here runs on the node's event loop and never waits. What a socket cannot
take at once is its sink's concern, so that no client waits for another.

A large fan-out lets the loop have its turn between portions of subscribers. What is published meanwhile is collected,
and goes out as one write per socket once everybody has had what came before. To each client this looks as if all were
written in the step in which it came: whoever is attached meanwhile starts after it, and before anything about a
subscription is changed or told, `settle` writes what is under way for it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from realtime.connections import Connection, Subscription
from realtime.counters import FanOut
from realtime.errors import CloseCode, Disconnect
from realtime.fanout import Portion, Round, packed, passing, texts_of
from realtime.frames import Texts
from realtime.history import Head, Published, Window
from realtime.live import LiveStream
from realtime.outbox import Passing

logger = logging.getLogger(__name__)

EARLY_LIMIT: Final = 10_000
"""Publications kept that came before their turn; the database has the rest."""


Soon = Callable[[Callable[..., Any], LiveStream], object]
Touched = Callable[[str, set[Connection]], None]
Gap = Callable[[str], None]


class Hub:
    """Fan publications out to the connections that may see them, in order and each once.

    *on_gap* is called when something is missing before a publication; *on_touched* with the v1 connections that a
    fan-out reached. *soon* calls a function in the loop's next turn.
    """

    def __init__(
        self, *, on_gap: Gap, on_touched: Touched, window: Callable[[], Window], soon: Soon | None = None
    ) -> None:
        self.connections: dict[str, Connection] = {}
        self.streams: dict[str, LiveStream] = {}
        self.counts = FanOut()
        self._soon = soon or asyncio.get_running_loop().call_soon
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
        live.queue.clear()
        if live.round is not None:
            live.round.clear()
        cut = list(live.subscribers.values())
        live.subscribers.clear()
        live.roster.clear()
        return cut

    def attach(self, subscription: Subscription, stream: str) -> None:
        """Let *subscription* receive what comes from now on, unless its client has gone or left it meanwhile."""
        if subscription.connection.client_id not in self.connections or not subscription.topics:
            self.drop_unused(stream)
            return
        live = self.streams[stream]
        if held := live.subscribers.get(subscription.connection):
            live.leave(held)
        # What is under way was part of what this client was brought up to.
        subscription.after = max(subscription.after, live.last or 0)
        live.subscribers[subscription.connection] = subscription
        live.place(subscription)
        subscription.connection.subscriptions[stream] = subscription

    def pause(self, subscription: Subscription, stream: str) -> None:
        """Hold *subscription* back until it is attached again; the stream stays followed."""
        live = self.streams.get(stream)
        if live is not None and live.subscribers.get(subscription.connection) is subscription:
            live.leave(subscription)

    def settle(self, subscription: Subscription, stream: str) -> None:
        """Write what is under way for *subscription*: from here on it has everything up to the stream's `last`."""
        live = self.streams.get(stream)
        if live is None or live.subscribers.get(subscription.connection) is not subscription:
            return
        if live.round and (texts := live.round.pull(subscription)):
            subscription.connection.sink.write(texts)
        if live.queue:
            self.send(subscription, stream, live.queue)
            subscription.after = live.queue[-1].offset
            live.place(subscription)

    def filter(
        self,
        subscription: Subscription,
        stream: str,
        keys: frozenset[str] | None,
        named: frozenset[str] = frozenset(),
    ) -> None:
        """Let *subscription* get what is about *keys* from now on, and what is under way by its former ones.

        *named* are the objects whose details it gets beside the whole stream.
        """
        self.settle(subscription, stream)
        subscription.keys, subscription.named = keys, named
        if live := self.streams.get(stream):
            live.roster.changed(subscription)

    def detach(self, connection: Connection, stream: str) -> None:
        """End a connection's subscription on *stream*; the stream is forgotten with its last subscriber."""
        connection.subscriptions.pop(stream, None)
        if live := self.streams.get(stream):
            if held := live.subscribers.get(connection):
                live.leave(held)
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
                texts.extend(texts_of(stream, item, subscription.connection.dialect))
        if texts:  # Plain texts: to compress what one client alone gets would keep all the others waiting.
            subscription.connection.sink.write(tuple(packed(texts, subscription.connection.dialect)))
        return bool(texts)

    def pass_on(self, stream: str, items: Sequence[Passing]) -> None:
        """Write ephemeral publications to the subscribers in their audience."""
        if live := self.streams.get(stream):
            for portion, texts in passing(items, live.roster):
                _write(portion, texts)

    def broadcast(self, text: str, topic: str | None) -> None:
        """Send an ephemeral message to every connection, or to the subscribers of *topic* and of `all`."""
        texts = Texts([text])
        for connection in list(self.connections.values()):
            if topic is None or topic in connection.topics or "all" in connection.topics:
                connection.sink.write(texts)

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
            if live.listener:
                live.listener(ready)
            live.queue += ready
            if live.round is None:
                self._begin_round(live)
        if live.early:
            self._on_gap(live.name)

    def _begin_round(self, live: LiveStream) -> None:
        """Fan out what is queued, at once as far as one portion goes."""
        live.round = None
        if not live.queue:
            return
        items, live.queue = live.queue, []
        live.round = Round(live.name, items, live.roster)
        for subscription in list(live.roster.apart):
            if self.send(subscription, live.name, items):
                live.round.reached(subscription)
            live.place(subscription)
        self._continue_round(live)

    def _continue_round(self, live: LiveStream) -> None:
        """Write one portion; the rest, or the next round, has its turn after whatever else the loop has to do."""
        assert live.round is not None
        for portion, texts in live.round.take():
            _write(portion, texts)
        if live.round:
            self._soon(self._continue_round, live)
            return
        self._count(live.round)
        self._soon(self._begin_round, live)
        if live.round.touched:
            self._on_touched(live.name, live.round.touched)

    def _count(self, done: Round) -> None:
        """Count a round that has gone to every socket, once for all of them."""
        self.counts.rounds += 1
        self.counts.publications += len(done.items)
        self.counts.deliveries += done.deliveries
        if done.deliveries:
            self.counts.written((item.created_at.timestamp() for item in done.items if item.created_at), time.time())


def _write(portion: Portion, texts: Texts) -> None:
    for subscription, write in portion.items():
        try:
            write(texts)
        except Exception:  # The root of a fan-out: one broken sink must not end it for everybody else.
            logger.exception("Writing to %s failed.", subscription.connection.client_id)
            subscription.connection.close(Disconnect(CloseCode.SERVER_ERROR, "Server error"))
