"""Outbox and hub over a broker that loses, repeats and reorders: a state machine looks for a way to break the order."""

import json
from collections.abc import Callable, Sequence

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from realtime import history, outbox
from realtime.connections import EVENTS, LEGACY, V1, Connection, Dialect, Subscription
from realtime.errors import Disconnect
from realtime.history import Published, Window
from realtime.hub import Hub
from realtime.models import Publication, Stream
from realtime.outbox import Draft

STREAM = "jobs"
AUDIENCES = ("everyone", "group:1", "user:1")
KEYS = ("1", "2")


class Recorder:
    """A sink that keeps the offsets of what it was given."""

    def __init__(self) -> None:
        self.offsets: list[int] = []

    def write(self, texts: Sequence[str]) -> None:
        for message in map(json.loads, texts):
            self.offsets += [one["offset"] for one in message.get("messages", [message])]

    def close(self, end: Disconnect, *, reconnect: bool) -> None:
        raise AssertionError(f"Nobody is slow here: {end}")


class Client:
    """A subscriber, and the offset that it started after."""

    def __init__(self, number: int, dialect: Dialect, audiences: frozenset[str], keys: frozenset[str] | None) -> None:
        self.sink = Recorder()
        user = User(pk=number)
        connection = Connection(f"client-{number}", self.sink, dialect, 0.0, 0.0, user, {STREAM: audiences})
        self.subscription = Subscription(connection, audiences, {STREAM}, keys)

    @property
    def expected(self) -> list[int]:
        """What it has to have once nothing is missing any more."""
        rows = Publication.objects.filter(stream=STREAM, offset__gt=self.subscription.after).order_by("offset")
        found = (Published(*row) for row in rows.values_list(*Published._fields))
        return [item.offset for item in found if self.subscription.wants(item)]


class LossyBroker(RuleBasedStateMachine):
    """Writers, one relayer, a wire that does what it likes, and one node with clients that come and go."""

    def __init__(self) -> None:
        super().__init__()
        Publication.objects.all().delete()
        Stream.objects.filter(name=STREAM).update(head=0, floor=0)
        history.ensure([STREAM])
        self.wire: list[list[Published]] = []
        self.clients: list[Client] = []
        self.gaps = 0
        self.later: list[Callable[[], None]] = []
        self.hub = Hub(
            on_gap=self.count_gap,
            on_touched=lambda stream, touched: None,
            window=self.window,
            soon=lambda work, live: self.later.append(lambda: work(live)),
        )
        self.hub.follow(STREAM)
        self.hub.listen(STREAM, lambda items: None)
        self.hub.start_at(STREAM, history.head(STREAM))

    def count_gap(self, stream: str) -> None:
        self.gaps += 1

    def window(self) -> Window:
        return Window(count=20, size=10_000)

    @property
    def last(self) -> int:
        return self.hub.streams[STREAM].last or 0

    @rule(
        drafts=st.lists(st.tuples(st.sampled_from(AUDIENCES), st.sampled_from(KEYS)), min_size=1, max_size=4),
        commits=st.booleans(),
    )
    def write(self, drafts: list[tuple[str, str]], commits: bool) -> None:
        with transaction.atomic():
            outbox.publish_many(Draft(STREAM, {"type": "job"}, audience=to, key=key) for to, key in drafts)
            transaction.set_rollback(not commits)

    @rule()
    def relay(self) -> None:
        if items := outbox.relay(STREAM):
            self.wire.append(items)

    @rule(data=st.data(), repeats=st.integers(0, 2))
    def arrive(self, data: st.DataObject, repeats: int) -> None:
        """Some message arrives, in whatever order, and perhaps again."""
        if self.wire:
            items = data.draw(st.sampled_from(self.wire))
            if not repeats:
                self.wire.remove(items)
            self.hub.receive(STREAM, items)

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        if self.wire:
            self.wire.remove(data.draw(st.sampled_from(self.wire)))

    @rule()
    def turn(self) -> None:
        """The loop has its turn."""
        if self.later:
            self.later.pop(0)()

    @rule()
    def compare_heads(self) -> None:
        """The node's tick: what it misses is read from the database."""
        while items := history.since(STREAM, self.last):
            self.hub.receive(STREAM, items)

    @rule(
        dialect=st.sampled_from([V1, LEGACY, EVENTS]),
        audiences=st.sets(st.sampled_from(AUDIENCES), min_size=1),
        keys=st.none() | st.sets(st.sampled_from(KEYS), min_size=1),
    )
    def subscribe(self, dialect: Dialect, audiences: set[str], keys: set[str] | None) -> None:
        client = Client(len(self.clients), dialect, frozenset(audiences), frozenset(keys) if keys else None)
        client.subscription.after = self.last
        self.clients.append(client)
        self.hub.add(client.subscription.connection)
        self.hub.attach(client.subscription, STREAM)

    @invariant()
    def nothing_out_of_order_or_twice(self) -> None:
        """At every moment each client has a beginning of what it has to get, without a hole."""
        for client in self.clients:
            assert client.sink.offsets == client.expected[: len(client.sink.offsets)]

    def teardown(self) -> None:
        """Once the outbox is empty and the heads were compared, everybody has everything."""
        while outbox.relay(STREAM):
            pass
        self.compare_heads()
        while self.later:
            self.turn()
        for client in self.clients:
            assert client.sink.offsets == client.expected


@pytest.mark.django_db(transaction=True)
def test_whatever_the_broker_does_everybody_gets_everything_once_in_order() -> None:
    """Loss, repetition and reordering cost time and nothing else."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    how = settings(
        max_examples=30, stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=checks
    )
    run_state_machine_as_test(LossyBroker, settings=how)
