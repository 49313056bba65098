"""Tests of the hub: order, duplicates, gaps, who gets what, and in which form."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.audience import EVERYONE
from realtime.connections import EVENTS, LEGACY, V1, Connection, Dialect, Subscription
from realtime.errors import Disconnect
from realtime.history import Head, Published, Window
from realtime.hub import EARLY_LIMIT, Hub

STREAM = "jobs"


class Wire:
    """A sink that keeps the texts themselves."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.ends: list[Disconnect] = []

    def write(self, texts: Sequence[str]) -> None:
        self.texts.extend(texts)

    def close(self, end: Disconnect, *, reconnect: bool) -> None:
        self.ends.append(end)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was written, those in batches one by one."""
        found = map(json.loads, self.texts)
        return [one for message in found for one in message.get("messages", [message])]

    @property
    def offsets(self) -> list[int]:
        """The offsets of what was written."""
        return [message["offset"] for message in self.messages]


class Room:
    """A hub with one stream that starts at *head*, and what it reports."""

    def __init__(self, head: int | None = 0) -> None:
        self.gaps: list[str] = []
        self.later: list[Callable[[], None]] = []
        self.touched: list[set[Connection]] = []
        self.hub = Hub(
            on_gap=self.gaps.append,
            on_touched=lambda _, clients: self.touched.append(clients),
            window=lambda: Window(count=100, size=100_000),
            soon=lambda work, live: self.later.append(lambda: work(live)),
        )
        self.hub.follow(STREAM)
        if head is not None:
            self.start(head)

    def start(self, head: int) -> None:
        """Let the stream continue from *head*."""
        self.hub.start_at(STREAM, Head("e", head, 0))

    def enter(
        self, *audiences: str, keys: Iterable[str] | None = None, dialect: Dialect = V1, **options: Any
    ) -> tuple[Wire, Subscription]:
        """Add a client that is subscribed, and return its wire."""
        wire = Wire()
        ids = frozenset({EVERYONE, *audiences})
        client = Connection(str(id(wire)), wire, dialect, 0, 0, User(), {STREAM: ids})
        self.hub.add(client)
        wanted = None if keys is None else frozenset(keys)
        subscription = Subscription(client, ids, {STREAM}, wanted, **options)
        self.hub.attach(subscription, STREAM)
        return wire, subscription

    def receive(self, *offsets: int) -> None:
        """Take in publications with these offsets, in one go."""
        self.take(*map(published, offsets))

    def take(self, *items: Published) -> None:
        """Take in *items* in one go, and fan them out to the end."""
        self.hub.receive(STREAM, items)
        self.run()

    def run(self) -> None:
        """Do what the loop would do in its next turns."""
        while self.later:
            self.later.pop(0)()


def published(offset: int, audience: str = EVERYONE, key: str = "", legacy: str | None = None) -> Published:
    """Return a numbered publication."""
    return Published(offset, offset, audience, key, None, json.dumps({"type": "job", "n": offset}), legacy)


def test_delivers_in_order_and_each_once() -> None:
    """Duplicates, from whatever source, are dropped."""
    room = Room()
    wire, _ = room.enter()
    for offsets in ([1], [1, 2], [2, 1], [3, 3], [2, 3, 4]):
        room.receive(*offsets)
    assert wire.offsets == [1, 2, 3, 4]
    assert room.gaps == []


def test_waits_for_what_comes_late() -> None:
    """A publication that overtook others waits for them, and the gap is reported."""
    room = Room()
    wire, _ = room.enter()
    room.receive(3)
    assert (wire.offsets, room.gaps) == ([], [STREAM])
    room.receive(2)
    assert wire.offsets == []
    room.receive(1)
    assert wire.offsets == [1, 2, 3]
    assert len(room.gaps) == 2


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=5), max_size=15), st.integers(0, 5))
def test_any_arrival_ends_in_order(arrivals: list[list[int]], head: int) -> None:
    """However publications arrive, what was delivered is the stream's own order without a hole."""
    room = Room(head)
    wire, _ = room.enter()
    for offsets in arrivals:
        room.receive(*offsets)
    assert wire.offsets == list(range(head + 1, head + 1 + len(wire.offsets)))
    arrived = {offset for offsets in arrivals for offset in offsets}
    assert head + len(wire.offsets) + 1 not in arrived
    room.receive(*range(head + 1, 13))
    assert wire.offsets == list(range(head + 1, 13))


def test_what_comes_before_the_head_is_known_is_taken_up() -> None:
    """While the head is read nothing gets lost."""
    room = Room(head=None)
    wire, _ = room.enter()
    room.receive(4, 6)
    assert wire.offsets == []
    room.start(3)
    assert wire.offsets == [4]
    room.receive(5)
    assert wire.offsets == [4, 5, 6]


def test_a_flood_that_came_early_does_not_shut_out_what_is_missing() -> None:
    """However much is waiting for the next publication, that one is taken in when it comes."""
    room = Room()
    wire, _ = room.enter(dialect=EVENTS)
    room.receive(*range(2, EARLY_LIMIT + 100))
    assert wire.offsets == []
    room.receive(1)
    assert wire.offsets[:3] == [1, 2, 3]
    room.receive(*range(len(wire.offsets) + 1, EARLY_LIMIT + 100))
    assert wire.offsets == list(range(1, EARLY_LIMIT + 100))


def test_keeps_audiences_apart() -> None:
    """Only who is in the audience gets it."""
    room = Room()
    anna, ben, nobody = room.enter("user:1", "group:5")[0], room.enter("user:2")[0], room.enter()[0]
    audiences = [EVERYONE, "user:1", "user:2", "group:5", "user:9"]
    room.take(*[published(place, name) for place, name in enumerate(audiences, 1)])
    assert (anna.offsets, ben.offsets, nobody.offsets) == ([1, 2, 4], [1, 3], [1])


def test_filters_by_key() -> None:
    """A subscription to objects gets what is about them."""
    room = Room()
    seven, both, everything = room.enter(keys=["7"])[0], room.enter(keys=["7", "8"])[0], room.enter()[0]
    room.take(*[published(place, key=key) for place, key in enumerate(["7", "8", "9", ""], 1)])
    assert (seven.offsets, both.offsets, everything.offsets) == ([1], [1, 2], [1, 2, 3, 4])


def test_the_same_text_goes_to_equal_subscribers() -> None:
    """What many get is made once, and not once for each."""
    room = Room()
    wires = [room.enter("user:1")[0], room.enter("user:2")[0]]
    room.receive(1)
    assert wires[0].texts[0] is wires[1].texts[0]


def test_what_was_pending_in_a_snapshot_is_suppressed_once() -> None:
    """A client that has it already does not get it, and everything else as usual."""
    room = Room()
    wire, subscription = room.enter(suppressed={2})
    other, _ = room.enter()
    room.receive(1, 2, 3)
    assert (wire.offsets, other.offsets) == ([1, 3], [1, 2, 3])
    assert subscription.suppressed == set()


def test_what_a_client_has_already_come_to_is_not_repeated() -> None:
    """A client that was ahead of this node gets only what is new to it."""
    room = Room()
    wire, _ = room.enter(after=2)
    room.receive(1, 2)
    room.receive(3)
    assert wire.offsets == [3]


@pytest.mark.parametrize(
    ("dialect", "texts"), [(V1, 1), (LEGACY, 3), (EVENTS, 3)], ids=["v1", "legacy", "event stream"]
)
def test_several_at_once_are_batched_for_who_understands(dialect: Dialect, texts: int) -> None:
    """v1 gets one message, older clients and event streams get singles."""
    room = Room()
    wire, _ = room.enter(dialect=dialect)
    room.receive(1, 2, 3)
    assert (len(wire.texts), wire.offsets) == (texts, [1, 2, 3])


def test_a_large_batch_is_split() -> None:
    """No message grows without bound."""
    room = Room()
    wire, _ = room.enter()
    room.receive(*range(1, 251))
    assert [len(json.loads(text)["messages"]) for text in wire.texts] == [100, 100, 50]


def test_older_clients_get_the_messages_made_for_them() -> None:
    """In their stead, each with the topic and the offset; none where there are none."""
    room = Room()
    old, new = room.enter(dialect=LEGACY)[0], room.enter()[0]
    room.take(published(1, legacy='[{"a":1},{"a":2}]'))
    room.take(published(2, legacy="[]"))
    assert old.messages == [{"a": 1, "topic": STREAM, "offset": 1}, {"a": 2, "topic": STREAM, "offset": 1}]
    assert [message["n"] for message in new.messages] == [1, 2]


def test_reports_which_v1_clients_were_reached() -> None:
    """Summaries go to those alone to whom something went."""
    room = Room()
    _, reached = room.enter("user:1")
    room.enter("user:2")
    room.enter("user:1", dialect=LEGACY)
    room.take(published(1, "user:1"))
    assert room.touched == [{reached.connection}]


def test_a_paused_subscription_is_left_out_until_it_is_attached() -> None:
    """While a client takes a snapshot nothing else of the stream reaches it."""
    room = Room()
    wire, subscription = room.enter()
    room.hub.pause(subscription, STREAM)
    room.receive(1)
    room.hub.attach(subscription, STREAM)
    room.receive(2)
    assert wire.offsets == [2]


def test_who_left_meanwhile_is_not_attached() -> None:
    """A client that is gone, or left the topic, while its replay ran stays away; the stream is forgotten."""
    room = Room()
    wire, subscription = room.enter()
    room.hub.remove(subscription.connection)
    room.hub.follow(STREAM)
    room.hub.attach(subscription, STREAM)
    assert room.hub.streams == {}
    assert wire.texts == []


def test_a_stream_is_forgotten_with_its_last_subscriber() -> None:
    """And not before, and never where the process itself listens."""
    room = Room()
    _, first = room.enter()
    _, second = room.enter()
    room.hub.detach(first.connection, STREAM)
    assert STREAM in room.hub.streams
    room.hub.remove(second.connection)
    room.hub.remove(second.connection)
    assert STREAM not in room.hub.streams
    room.hub.listen("control", lambda items: None)
    room.hub.drop_unused("control")
    assert "control" in room.hub.streams


def test_a_listener_hears_everything() -> None:
    """What the process itself listens to is not filtered by audience."""
    room = Room()
    heard: list[Published] = []
    room.hub.listen(STREAM, heard.extend)
    room.take(published(1, "user:1"), published(2, "user:2"))
    assert [item.offset for item in heard] == [1, 2]


def test_a_restart_cuts_off_the_subscribers() -> None:
    """After a reset nobody is attached, and the stream continues from its new head."""
    room = Room()
    wire, subscription = room.enter()
    room.receive(1, 2, 5)
    assert room.hub.restart_at(STREAM, Head("f", 7, 0)) == [subscription]
    room.receive(8)
    room.hub.attach(subscription, STREAM)
    room.receive(9)
    assert wire.offsets == [1, 2, 9]


def test_broadcasts_reach_the_topic_and_all() -> None:
    """Ephemeral messages go by the names that a client subscribed to."""
    room = Room()
    wires = {}
    for name in ("jobs", "jobs:7", "all", "inventory"):
        wires[name], subscription = room.enter()
        subscription.connection.topics.add(name)
    room.hub.broadcast('{"n":1}', "jobs")
    room.hub.broadcast('{"n":2}', None)
    got = {name: [message["n"] for message in wire.messages] for name, wire in wires.items()}
    assert got == {"jobs": [1, 2], "all": [1, 2], "jobs:7": [2], "inventory": [2]}
