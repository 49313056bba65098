"""What a connection asks for, and what it is told: initial state, subscribe, unsubscribe."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser

from realtime import protocol, ready, snapshots, topics, wishes
from realtime.connections import Connection, Subscription
from realtime.counters import counters
from realtime.errors import TopicDenied
from realtime.memberships import groups_of
from realtime.protocol import Position, Subscribe, Unsubscribe
from realtime.recovery import Recovery
from realtime.snapshots import Snapshot, Start
from realtime.together import Together
from realtime.topics import ALL
from realtime.wishes import Allowed, Wish

if TYPE_CHECKING:
    from realtime.node import Node


@dataclass(frozen=True, slots=True)
class Initial:
    """Where a connection's `initial_state` stood, by stream; its first subscriptions continue from there."""

    taken_at: float
    starts: dict[str, Start]
    positions: dict[str, Position]


class Subscribing:
    """The initial state and the subscriptions of one node's connections."""

    def __init__(self, node: "Node", recovery: Recovery) -> None:
        self._node = node
        self._recovery = recovery
        self._initial: dict[Connection, Initial] = {}
        self._states: Together[AbstractBaseUser, list[Snapshot]] = Together(partial(node.run, _initial_states))

    async def greet(self, connection: Connection, *hello: str) -> None:
        """Send *hello* and `initial_state`, and remember where it stood for the subscriptions that follow.

        Raises: DatabaseError, in which case nothing was sent.
        """
        taken = await self._states.ask(connection.user)
        starts = {snapshot.topic.name: snapshot.start for snapshot in taken}
        held = {name: start.position(connection.audiences[name]) for name, start in starts.items()}
        data: dict[str, Any] = {}
        for snapshot in taken:
            data |= snapshot.data
        text = ready.state({"type": "initial_state"}, data, held)
        self._initial[connection] = Initial(time.monotonic(), starts, held)
        connection.write(*hello, text)

    async def stop(self) -> None:
        """Read no more initial states. Safe to call twice."""
        await self._states.stop()

    def forget(self, connection: Connection) -> None:
        """Drop what is remembered of a connection."""
        self._initial.pop(connection, None)

    async def subscribe(self, connection: Connection, message: Subscribe) -> None:
        """Subscribe *connection* to the message's topics and answer with what became of each.

        Unknown topics are answered with an error each. Raises: ClientError, when nothing could be subscribed.
        """
        names, errors = wishes.known(message.topics)
        for error in errors if names else ():
            connection.write(protocol.error(error, message.id))
        if not names:
            raise errors[0]
        user = connection.user
        allowed = await self._node.run(wishes.authorized, user, names)
        denied = [name for name in names if name not in allowed.names]
        connection.visit.denied(denied)
        if not allowed.names:
            raise TopicDenied(*denied)
        if too_many := self._node.quotas.too_many_topics(connection.topics | set(allowed.names)):
            connection.visit.limited("LIMIT_TOPICS")
            raise too_many
        async with connection.moving:
            recovered = await self._bring_onto_all(connection, wishes.per_stream(allowed, message), message)
            connection.topics.update(allowed.names)
            connection.visit.subscribed(allowed.names)
            self._answer_subscribed(connection, message, allowed.names, recovered, denied)
        if connection.user is not user:  # Their rights were looked at again meanwhile, without these topics.
            await self.reauthorize(connection)

    async def _bring_onto_all(
        self, connection: Connection, wanted: Iterable[Wish], message: Subscribe
    ) -> dict[str, bool]:
        """Bring *connection* onto each stream; return which topics could continue from the position given."""
        recovered: dict[str, bool] = {}
        for wish in wanted:
            came = await self._bring_onto(connection, wish, snapshot=message.snapshot)
            if held := connection.subscriptions.get(wish.topic.name):  # The user's groups may have changed meanwhile.
                await self._recovery.follow_audiences(held, wish.topic.name)
            recovered |= {name: came for name in wish.names if wish.since is not None}
            if connection.v1 and wish.since is not None:  # Its figures are as old as its position.
                self._node.watch.summarize(wish.topic.name, {connection})
        return recovered

    def unsubscribe(self, connection: Connection, message: Unsubscribe) -> None:
        """Take *connection* off the message's topics; those that it was not on are no error."""
        connection.topics.difference_update(message.topics)
        for stream in list(connection.subscriptions):
            self._leave(connection, stream, message.topics)
        answer: dict[str, Any] = {"type": "subscription", "status": "unsubscribed", "topics": list(message.topics)}
        if message.id is not None:
            answer["id"] = message.id
        connection.write(protocol.encode(answer))

    async def reauthorize(self, connection: Connection) -> None:
        """Take *connection* off what its user may no longer follow, and tell it. Never waits for the client.

        The rule is asked again where the user was looked at once more in the meantime, or came to follow more.
        """
        while True:
            user, names = connection.user, sorted(_followed(connection))
            if not names:
                return
            allowed = await self._node.run(wishes.authorized, user, names)
            if connection.user is user and _followed(connection) <= set(names):
                break
        denied = self._drop(connection, allowed)
        if denied:
            ended = [{"topic": name, "code": "forbidden"} for name in denied]
            answer = {"type": "subscription", "status": "unsubscribed", "topics": denied, "denied": ended}
            connection.write(protocol.encode(answer))

    def _drop(self, connection: Connection, allowed: Allowed) -> list[str]:
        """Take *connection* off what is not *allowed*; return the names that ended; of `all` the topics it lost."""
        denied = {name for name in _followed(connection) if name not in allowed.names}
        connection.topics.difference_update(denied)
        for stream, subscription in list(connection.subscriptions.items()):
            lost = subscription.topics & denied
            if ALL in subscription.topics and stream not in allowed.visible:
                lost |= {ALL}
                denied.add(stream)
            if lost:
                self._leave(connection, stream, lost)
        return sorted(denied)

    async def widen_all(self, connection: Connection) -> None:
        """Bring a connection that follows `all` onto the topics that it has not been on, with a snapshot of each."""
        if ALL not in connection.topics:
            return
        async with connection.moving:
            allowed = await self._node.run(wishes.authorized, connection.user, [ALL])
            for stream in allowed.visible:
                if ALL in connection.topics and stream not in connection.subscriptions:
                    wish = Wish(topics.registered()[stream], frozenset({ALL}), None, None)
                    await self._bring_onto(connection, wish, snapshot=True)

    def _leave(self, connection: Connection, stream: str, names: Collection[str]) -> None:
        """Take *names* off a connection's subscription to *stream*, and end it where no name is left."""
        subscription = connection.subscriptions[stream]
        subscription.topics.difference_update(names)
        if subscription.topics:
            self._filter(subscription, stream)
        else:
            self._node.hub.detach(connection, stream)
            self._node.leave_unused(stream)

    async def _bring_onto(self, connection: Connection, wish: Wish, *, snapshot: bool) -> bool:
        """Bring *connection* onto one stream; say whether it could continue from the position it held."""
        stream = wish.topic.name
        if held := connection.subscriptions.get(stream):
            return await self._widen(held, wish, snapshot=snapshot)
        subscription = Subscription(
            connection, connection.audiences[stream], set(wish.names), wish.keys, named=wish.named
        )
        initial = self._take_initial(connection, stream)
        try:
            if snapshot:
                await self._recovery.from_snapshot(subscription, stream)
            elif wish.topic.ephemeral:
                await self._recovery.from_head(subscription, stream)
            elif wish.since is not None:
                return await self._resume(subscription, stream, wish.since, counted=True)
            elif initial is not None:
                start, position = initial
                subscription.suppressed |= start.pending
                await self._resume(subscription, stream, position)
            else:
                await self._recovery.from_head(subscription, stream)
        finally:
            self._node.leave_unused(stream)
        return False

    async def _resume(self, subscription: Subscription, stream: str, since: Position, *, counted: bool = False) -> bool:
        reason = await self._recovery.resume(subscription, stream, since)
        counters.resumes.add(reason or "recovered", count=counted)
        if reason is not None:
            await self._recovery.from_snapshot(subscription, stream, reason)
        return reason is None

    async def _widen(self, held: Subscription, wish: Wish, *, snapshot: bool) -> bool:
        """Let a live subscription cover more; what it did not cover before is never replayed but gets a snapshot."""
        stream = wish.topic.name
        had, had_named = held.keys, held.named
        held.topics |= wish.names
        self._filter(held, stream)
        wider = (had is not None and (wish.keys is None or not wish.keys <= had)) or not held.named <= (
            had_named if had is None else had
        )
        if snapshot or (wider and wish.since is not None):
            self._node.hub.pause(held, stream)
            await self._recovery.from_snapshot(held, stream)
        return not wider

    def _filter(self, subscription: Subscription, stream: str) -> None:
        """Let *subscription* get what its topics' names stand for."""
        named = wishes.named_of(topics.registered()[stream], subscription.topics)
        self._node.hub.filter(subscription, stream, wishes.keys_of(subscription.topics), named)

    def _take_initial(self, connection: Connection, stream: str) -> tuple[Start, Position] | None:
        """Return where the initial state stood on *stream*: once, and within the grace time."""
        initial = self._initial.get(connection)
        if initial is None or stream not in initial.starts:
            return None
        found = initial.starts.pop(stream), initial.positions[stream]
        return found if time.monotonic() - initial.taken_at <= self._node.conf.initial_grace else None

    def _answer_subscribed(
        self,
        connection: Connection,
        message: Subscribe,
        names: list[str],
        recovered: Mapping[str, bool],
        denied: Iterable[str],
    ) -> None:
        answer: dict[str, Any] = {
            "type": "subscription",
            "status": "subscribed",
            "topics": names,
            "positions": protocol.positions(self.positions(connection, names)),
            "recovered": recovered,
            "denied": [{"topic": name, "code": "forbidden"} for name in denied],
        }
        if message.id is not None:
            answer["id"] = message.id
        connection.write(protocol.encode(answer))

    def positions(self, connection: Connection, names: Iterable[str]) -> dict[str, Position]:
        """Return where *connection* is on *names*; `all` gives every topic that it stands for.

        There is none for a subscription that is held back: its position comes with its snapshot.
        """
        held: dict[str, Position] = {}
        for name in names:
            for stream in connection.subscriptions if name == ALL else [topics.find(name)[0].name]:
                subscription, live = connection.subscriptions.get(stream), self._node.hub.streams.get(stream)
                attached = live is not None and live.subscribers.get(connection) is subscription
                if subscription and attached:
                    self._node.hub.settle(subscription, stream)  # It must not be told of what is still under way.
                if subscription and live and attached and not topics.registered()[stream].ephemeral:
                    epoch = snapshots.epoch_for(live.epoch, subscription.audiences)
                    offset = max(live.last or 0, subscription.after)
                    held[stream if name == ALL else name] = Position(offset, epoch)
        return held


def _initial_states(users: Sequence[AbstractBaseUser]) -> list[list[Snapshot]]:
    """Return the initial state of each of *users*, among whom one may be several times."""
    once = {user.pk: user for user in users}
    taken = _initial_of(list(once.values()))
    # Of one whose groups changed between two handshakes, each connection has its own audiences.
    return [
        taken.get(user.pk, []) if _are_equal(user, once[user.pk]) else _initial_of([user]).get(user.pk, [])
        for user in users
    ]


def _initial_of(users: Sequence[AbstractBaseUser]) -> Mapping[Any, list[Snapshot]]:
    named = [topic for topic in topics.registered().values() if topic.initial]
    return snapshots.take_for([(one, "", [user for user in users if one.authorize(user, "")]) for one in named])


def _are_equal(one: AbstractBaseUser, other: AbstractBaseUser) -> bool:
    """Say whether what was read of a user twice has the same groups."""
    return one is other or {group.pk for group in groups_of(one)} == {group.pk for group in groups_of(other)}


def _followed(connection: Connection) -> set[str]:
    """Return the names that a connection follows, those included of which its `subscribe` is not answered yet."""
    return connection.topics.union(*(one.topics for one in connection.subscriptions.values()))
