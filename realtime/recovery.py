"""Bringing a subscription to where the stream is: replay, snapshot, reset.

Replay and going live are one step: the subscription is attached in the same synchronous step in which the replay
reached the node's position, so that nothing falls between and nothing comes twice.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError, InterfaceError

from realtime import history, protocol, snapshots, topics
from realtime.connections import Subscription
from realtime.counters import counters
from realtime.errors import CloseCode, Disconnect, UnrecoverablePosition
from realtime.history import Published
from realtime.live import LiveStream
from realtime.protocol import Position

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)

PORTION: Final = 0.25
"""Share of what may wait for a client that a replay sends at a time; the rest is for what comes meanwhile."""
DRAIN: Final = 5.0
"""Seconds in which a client has to take a portion."""
RETRY: Final = 0.5
"""Seconds until a snapshot that failed is taken again."""


class Recovery:
    """Replays, snapshots and resets for the connections of one node."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._resets: dict[str, asyncio.Task[None]] = {}

    async def stop(self) -> None:
        """End the resets that are under way."""
        tasks = list(self._resets.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def live(self, stream: str) -> LiveStream:
        """Return the live stream of that name, joined and with a known position."""
        while True:
            await self._node.follow(stream)
            live = self._node.hub.streams.get(stream)
            if live is not None and live.last is not None:
                return live

    async def from_head(self, subscription: Subscription, stream: str) -> None:
        """Go live with what comes from now on."""
        await self.live(stream)
        self._node.hub.attach(subscription, stream)

    async def resume(self, subscription: Subscription, stream: str, since: Position) -> str | None:
        """Replay what came after *since* and go live; return the wire's reason where that is not possible."""
        own = (await self.live(stream)).epoch
        epoch = snapshots.epoch_for(own, subscription.audiences)
        if since.epoch != epoch:
            return snapshots.reset_reason(since.epoch, epoch)
        try:
            await self._replay(subscription, stream, since.offset, own)
        except UnrecoverablePosition as lost:
            return lost.reason
        return None

    async def from_snapshot(self, subscription: Subscription, stream: str, reason: str | None = None) -> None:
        """Send a `reset` where there is a *reason*, then the topic's state, then what came after it; go live.

        A subscription for which that fails is ended: the client's next attempt begins anew.
        """
        _write_reset(subscription, reason)
        try:
            await self._snapshot_and_resume(subscription, stream)
        except BaseException:
            self._node.hub.detach(subscription.connection, stream)
            raise

    async def restore(self, subscription: Subscription, stream: str, reason: str) -> None:
        """Bring a subscription that was held back onto its stream again, with a `reset` and a snapshot.

        The client did not ask for it and would not ask again, so it is tried until it succeeds or the client has gone.
        Where it cannot succeed, the connection is closed: the client comes again, with its position.
        """
        connection = subscription.connection
        _write_reset(subscription, reason)
        while connection.subscriptions.get(stream) is subscription:
            try:
                await self._snapshot_and_resume(subscription, stream)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("%s has no snapshot of %s yet: %s", connection.client_id, stream, error)
                await asyncio.sleep(RETRY)
            except BaseException:
                connection.close(Disconnect(CloseCode.SERVER_ERROR, "The state could not be read"))
                raise
            else:
                return

    async def follow_audiences(self, subscription: Subscription, stream: str) -> None:
        """Give a live *subscription* the audiences that its connection has by now, with a `reset` and a snapshot."""
        while subscription.audiences != (now := subscription.connection.audiences[stream]):
            self._node.hub.pause(subscription, stream)
            subscription.audiences = now
            await self.restore(subscription, stream, "audience_changed")

    async def _snapshot_and_resume(self, subscription: Subscription, stream: str) -> None:
        connection, topic = subscription.connection, topics.registered()[stream]
        keys = sorted(subscription.keys if subscription.keys is not None else {"", *subscription.named})
        while True:
            taken = await self._node.run(snapshots.take, [(topic, key) for key in keys], connection.user)
            await _taken(subscription)
            if (await self.live(stream)).epoch != taken[0].start.head.epoch:
                await asyncio.sleep(RETRY)  # The next comparison of heads brings this node into the new epoch.
                continue
            for snapshot in taken:
                connection.write(snapshot.message(subscription.audiences))
            # Replaced, not added to: what an earlier snapshot waited for may have been numbered before this one.
            subscription.suppressed = set().union(*(snapshot.start.pending for snapshot in taken))
            if await self.resume(subscription, stream, taken[0].start.position(subscription.audiences)) is None:
                return

    def reset(self, stream: str, reason: str) -> None:
        """Give every subscriber of *stream* a `reset` and a fresh snapshot; one such reset at a time."""
        if stream not in self._resets:
            task = asyncio.create_task(self._reset(stream, reason), name=f"reset {stream}")
            self._resets[stream] = task
            task.add_done_callback(lambda _: self._resets.pop(stream, None))

    async def _reset(self, stream: str, reason: str) -> None:
        logger.warning("The stream %s cannot be continued (%s); its subscribers get a snapshot.", stream, reason)
        try:
            head = await self._node.run(history.head, stream)
            cut = self._node.hub.restart_at(stream, head)
            await asyncio.gather(*(self._bring_back(subscription, stream, reason) for subscription in cut))
        except (DatabaseError, InterfaceError) as error:
            logger.warning("A reset of %s failed; the next comparison of heads tries again: %s", stream, error)
        except Exception:
            logger.exception("A reset of %s failed.", stream)

    async def _bring_back(self, subscription: Subscription, stream: str, reason: str) -> None:
        async with subscription.connection.moving:
            await self.restore(subscription, stream, reason)

    async def _replay(self, subscription: Subscription, stream: str, offset: int, epoch: str) -> None:
        """Send what came after *offset* in *epoch*; attach in the step in which nothing is missing any more.

        It goes at the client's pace: all at once, a client that is far behind would be cut off as too slow each time
        it came back. Raises: UnrecoverablePosition.
        """
        confirmed = False
        while True:
            await _taken(subscription)
            live = await self.live(stream)
            if subscription.audiences != (now := subscription.connection.audiences[stream]):
                subscription.audiences = now  # The user left or joined a user group while this went on.
                raise UnrecoverablePosition("audience_changed")
            if live.epoch != epoch:
                raise UnrecoverablePosition("epoch_changed")
            subscription.after = offset
            last = live.last or 0
            if offset > last and not confirmed:
                await self._confirm_ahead(stream, offset)
                confirmed = True
                continue
            has_details, details = topics.registered()[stream].details, subscription.interest.details
            if last - offset > self._node.conf.replay_limit and not has_details:
                raise UnrecoverablePosition("window_exceeded")
            if offset >= last or live.window.covers(offset, details=details):
                items = live.window.since(offset, details=details)
                if len(items) > self._node.conf.replay_limit:
                    raise UnrecoverablePosition("window_exceeded")
                portion = _portion(items, PORTION * self._node.conf.send_buffer)
                counters.replayed += len(portion)
                self._node.hub.send(subscription, stream, portion)
                if len(portion) == len(items):
                    subscription.after = max(offset, last)
                    self._node.hub.attach(subscription, stream)
                    return
                offset = portion[-1].offset
                continue
            if not await self._reach_back(live):
                raise UnrecoverablePosition("window_exceeded")

    async def _reach_back(self, live: LiveStream) -> bool:
        """Fill the window with what came before it, once, for however many clients come back; False if it was done.

        A client that is further behind than the window reaches gets a snapshot instead.
        """
        if live.reached_back is None:
            live.reached_back = asyncio.ensure_future(self._read_back(live))
        elif live.reached_back.done():
            return False
        await asyncio.shield(live.reached_back)
        return True

    async def _read_back(self, live: LiveStream) -> None:
        try:
            await (self._read_kinds_back(live) if topics.registered()[live.name].details else self._read_all_back(live))
        except BaseException:
            live.reached_back = None
            raise

    async def _read_all_back(self, live: LiveStream) -> None:
        offset = live.window.first or (live.last or 0) + 1
        conf = self._node.conf
        read = partial(history.before, live.name, offset, count=conf.window_count, size=conf.window_size)
        items = await self._node.run(read)
        if live.reached_back is asyncio.current_task():  # Else the stream was started anew in the meantime.
            live.window.extend_back(items)

    async def _read_kinds_back(self, live: LiveStream) -> None:
        """Read details and all else apart, so that the many of one kind leave room for the other."""
        conf = self._node.conf
        for detail in (False, True):
            offset = live.window.reach(detail=detail) or (live.last or 0) + 1
            bounds = {"count": conf.window_count, "size": conf.window_size}
            older = await self._node.run(partial(history.older, live.name, offset, detail=detail, **bounds))
            if live.reached_back is not asyncio.current_task():
                return
            live.window.extend_back_by(older, detail=detail)

    async def _confirm_ahead(self, stream: str, offset: int) -> None:
        """Make sure that a position ahead of this node is one that the database knows.

        Raises: UnrecoverablePosition, when the database went back behind what this client has seen.
        """
        if (await self._node.run(history.head, stream)).offset < offset:
            raise UnrecoverablePosition("epoch_changed")
        self._node.fill(stream)


async def _taken(subscription: Subscription) -> None:
    """Wait until the client has taken what it was sent; one that takes too long is cut off by what comes next."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN):
            await subscription.connection.sink.drained()


def _portion(items: Sequence[Published], room: float) -> Sequence[Published]:
    """Return as many of *items*, from the first, as *room* characters hold; one at least."""
    for number, item in enumerate(items):
        room -= history.weight(item)
        if room < 0:
            return items[: max(number, 1)]
    return items


def _write_reset(subscription: Subscription, reason: str | None) -> None:
    """Tell the client, for each topic as it subscribed to it, that its position is gone."""
    if reason:
        counters.resets.add(reason)
    for name in sorted(subscription.topics) if reason else ():
        subscription.connection.write(protocol.encode({"type": "reset", "topic": name, "reason": reason}))
