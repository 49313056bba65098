"""Tests of rounds: whatever happens between their portions, each client gets what it would have got at once."""

import json
from collections.abc import Callable, Sequence

import pytest
from django.contrib.auth.models import User
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from realtime import fanout
from realtime.connections import EVENTS, LEGACY, V1, Connection, Dialect, Subscription
from realtime.errors import CloseCode, Disconnect
from realtime.history import Head, Published, Window
from realtime.hub import Hub

STREAM = "jobs"
AUDIENCES = ("everyone", "group:1", "user:1")
KEYS = ("1", "2")
WANTED = st.none() | st.frozensets(st.sampled_from(KEYS), min_size=1)


class Recorder:
    """A sink that keeps each write, as the offsets in it."""

    def __init__(self) -> None:
        self.writes: list[list[int]] = []
        self.texts: list[Sequence[str]] = []
        self.ends: list[Disconnect] = []
        self.broken = False

    def write(self, texts: Sequence[str]) -> None:
        if self.broken:
            raise RuntimeError("A sink that breaks its promise.")
        found = map(json.loads, texts)
        self.texts.append(texts)
        self.writes.append([one["offset"] for message in found for one in message.get("messages", [message])])

    def close(self, end: Disconnect, *, reconnect: bool) -> None:
        self.ends.append(end)

    async def drained(self) -> None:
        """Return at once."""

    @property
    def offsets(self) -> list[int]:
        return [offset for write in self.writes for offset in write]


class Room:
    """A hub with one stream, whose loop has its turns when the test says so."""

    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []
        self.touched: list[set[Connection]] = []
        self.hub = Hub(
            on_gap=lambda stream: None,
            on_touched=lambda stream, touched: self.touched.append(touched),
            window=lambda: Window(count=1000, size=1_000_000),
            soon=lambda work, live: self.later.append(lambda: work(live)),
        )
        self.hub.listen(STREAM, lambda items: None)  # Else the stream would be forgotten with its last subscriber.
        self.hub.start_at(STREAM, Head("e", 0, 0))

    @property
    def last(self) -> int:
        return self.hub.streams[STREAM].last or 0

    def enter(
        self, audiences: frozenset[str] = frozenset({"everyone"}), dialect: Dialect = V1, **options: object
    ) -> tuple[Recorder, Subscription]:
        """Add a client that is subscribed; return its sink and its subscription."""
        sink = Recorder()
        client = Connection(str(id(sink)), sink, dialect, 0, 0, User(), {STREAM: audiences})
        self.hub.add(client)
        subscription = Subscription(client, audiences, {STREAM}, **{"keys": None} | options)
        self.hub.attach(subscription, STREAM)
        return sink, subscription

    def receive(self, *drafts: tuple[str, str]) -> list[Published]:
        """Take in what comes next: an audience and a key each."""
        after = self.last
        items = [
            Published(n, n, to, key, None, '{"type":"job"}', None) for n, (to, key) in enumerate(drafts, after + 1)
        ]
        self.hub.receive(STREAM, items)
        return items

    def turn(self) -> None:
        """Let the loop do what is due in its next turn."""
        if self.later:
            self.later.pop(0)()

    def rest(self) -> None:
        """Let the loop have turns until nothing is due any more."""
        while self.later:
            self.turn()


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a portion be two subscribers, so that a few make a large fan-out."""
    monkeypatch.setattr(fanout, "PORTION", 2)
    monkeypatch.setattr(fanout, "KEPT_FROM", 3)


def test_a_large_fan_out_lets_the_loop_have_its_turn() -> None:
    """The first portion goes out at once, each further one in a turn of its own, and then those reached are told of."""
    room = Room()
    sinks = [room.enter()[0] for _ in range(5)]
    room.receive(("everyone", ""))
    served = [sum(bool(sink.writes) for sink in sinks)]
    while room.later:
        room.turn()
        served.append(sum(bool(sink.writes) for sink in sinks))
    assert served == [2, 4, 5, 5]
    assert [len(touched) for touched in room.touched] == [5]


def test_what_comes_meanwhile_leaves_as_one_write() -> None:
    """Three publications that come during a fan-out are one write for each client; the bytes are the same for all."""
    room = Room()
    sinks = [room.enter()[0] for _ in range(5)]
    for _ in range(4):
        room.receive(("everyone", ""))
    room.rest()
    assert [sink.writes for sink in sinks] == [[[1], [2, 3, 4]]] * 5
    assert len({id(sink.texts[1]) for sink in sinks}) == 1
    assert (room.hub.counts.rounds, room.hub.counts.publications, room.hub.counts.deliveries) == (2, 4, 10)


def test_an_idle_hub_adds_no_delay() -> None:
    """What comes when nothing is under way is written in the same step."""
    room = Room()
    sink, _ = room.enter()
    for number in (1, 2):
        room.receive(("everyone", ""))
        assert len(sink.writes) == number
        room.rest()


def test_those_with_the_same_messages_share_them_whatever_their_audiences() -> None:
    """Different audiences, one text: it is made once."""
    room = Room()
    sinks = [room.enter(frozenset({"everyone", f"user:{number}"}))[0] for number in range(4)]
    room.receive(("everyone", ""), ("user:1", ""), ("user:9", ""))
    room.rest()
    assert [sink.offsets for sink in sinks] == [[1], [1, 2], [1], [1]]
    assert sinks[0].texts[0] is sinks[3].texts[0]


def test_a_broken_sink_ends_nothing_but_its_own_connection() -> None:
    """Everybody else is served, and later rounds come."""
    room = Room()
    sinks = [room.enter()[0] for _ in range(4)]
    sinks[1].broken = True
    room.receive(("everyone", ""))
    room.rest()
    assert [sink.offsets for sink in sinks] == [[1], [], [1], [1]]
    assert [end.code for end in sinks[1].ends] == [CloseCode.SERVER_ERROR]


def test_a_restart_drops_what_is_under_way() -> None:
    """The clients get a snapshot instead, and what comes then as usual."""
    room = Room()
    sinks, subscriptions = zip(*(room.enter() for _ in range(5)), strict=True)
    room.receive(("everyone", ""))
    room.receive(("everyone", ""))
    assert set(room.hub.restart_at(STREAM, Head("f", 7, 0))) == set(subscriptions)
    for subscription in subscriptions:
        room.hub.attach(subscription, STREAM)
    room.receive(("everyone", ""))
    room.rest()
    assert [sink.offsets for sink in sinks] == [[1, 8], [1, 8], [8], [8], [8]]


def test_groups_that_are_kept_follow_who_comes_leaves_and_changes() -> None:
    """Between fan-outs the groups of a large audience are kept, until something about a member changes."""
    room = Room()
    sinks, subscriptions = zip(*(room.enter() for _ in range(5)), strict=True)
    room.receive(("everyone", "1"))
    room.rest()
    room.hub.filter(subscriptions[0], STREAM, frozenset({"2"}))
    room.receive(("everyone", "1"))
    room.rest()
    room.hub.detach(subscriptions[1].connection, STREAM)
    room.receive(("everyone", "1"))
    room.rest()
    newcomer, _ = room.enter()
    room.receive(("everyone", "2"))
    room.rest()
    assert [sink.offsets for sink in (*sinks, newcomer)] == [[1, 4], [1, 2], *[[1, 2, 3, 4]] * 3, [4]]


class Client:
    """A subscriber, and what it has to get."""

    def __init__(self, sink: Recorder, subscription: Subscription) -> None:
        self.sink = sink
        self.subscription = subscription
        self.attached = True
        self.expected: list[int] = []

    def expect(self, items: Sequence[Published]) -> None:
        """Note what of *items* it would get if all were written at once."""
        if self.attached:
            self.expected += [item.offset for item in items if self.gets(item)]

    def gets(self, item: Published) -> bool:
        return self.subscription.wants(item) and item.id not in self.suppressed

    suppressed: frozenset[int] = frozenset()


class Coming(RuleBasedStateMachine):
    """Clients come, go, change and ask between any two portions of any fan-out."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room()
        self.clients: list[Client] = []

    @rule(drafts=st.lists(st.tuples(st.sampled_from(AUDIENCES), st.sampled_from(KEYS)), min_size=1, max_size=4))
    def receive(self, drafts: list[tuple[str, str]]) -> None:
        first = self.room.last + 1
        items = [Published(n, n, to, key, None, "", None) for n, (to, key) in enumerate(drafts, first)]
        for client in self.clients:
            client.expect(items)
        self.room.receive(*drafts)

    @rule()
    def turn(self) -> None:
        self.room.turn()

    @rule(
        audiences=st.frozensets(st.sampled_from(AUDIENCES), min_size=1),
        keys=WANTED,
        dialect=st.sampled_from([V1, LEGACY, EVENTS]),
        ahead=st.sampled_from([0, 0, 0, 2]),
        suppressed=st.sampled_from([(), (), (1,), (1, 3)]),
    )
    def enter(
        self,
        audiences: frozenset[str],
        keys: frozenset[str] | None,
        dialect: Dialect,
        ahead: int,
        suppressed: tuple[int, ...],
    ) -> None:
        """A client comes, perhaps ahead of this node, perhaps with pending publications in its snapshot."""
        ids = frozenset(self.room.last + number for number in suppressed)
        after = self.room.last + ahead if ahead else 0
        client = Client(*self.room.enter(audiences, dialect, keys=keys, after=after, suppressed=set(ids)))
        client.suppressed = ids
        self.clients.append(client)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.clients))
        self.room.hub.remove(client.subscription.connection)
        client.attached = False
        client.expected = client.sink.offsets

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), audiences=st.frozensets(st.sampled_from(AUDIENCES), min_size=1))
    def reset(self, data: st.DataObject, audiences: frozenset[str]) -> None:
        """A client is held back, takes a snapshot that has everything so far, and goes live with other audiences."""
        client = data.draw(st.sampled_from(self.clients))
        if not client.attached:
            return
        self.room.hub.pause(client.subscription, STREAM)
        client.attached, client.expected = False, client.sink.offsets
        for _ in range(data.draw(st.integers(0, 3))):
            self.room.turn()
        client.subscription.audiences = audiences
        client.subscription.after = self.room.last
        self.room.hub.attach(client.subscription, STREAM)
        client.attached = True

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), keys=WANTED)
    def filter(self, data: st.DataObject, keys: frozenset[str] | None) -> None:
        """A client wants other objects; what came before is as if it had been written before."""
        client = data.draw(st.sampled_from(self.clients))
        self.room.hub.filter(client.subscription, STREAM, keys)
        assert client.sink.offsets == client.expected

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """A client that is told the stream's position has everything up to it."""
        client = data.draw(st.sampled_from(self.clients))
        self.room.hub.settle(client.subscription, STREAM)
        assert client.sink.offsets == client.expected

    @invariant()
    def a_beginning_of_what_it_has_to_get(self) -> None:
        for client in self.clients:
            assert client.sink.offsets == client.expected[: len(client.sink.offsets)]

    def teardown(self) -> None:
        self.room.rest()
        for client in self.clients:
            assert client.sink.offsets == client.expected


def test_whatever_happens_between_portions_everybody_gets_everything_once() -> None:
    """Clients come, leave, take snapshots, change what they want and ask where they are, at any moment."""
    how = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
    run_state_machine_as_test(Coming, settings=how)
