"""Tests of a node's numbers: what happens is counted where it happens, and once."""

import time
from collections.abc import Callable

import pytest

from realtime import history, metrics, node, outbox
from realtime.errors import CloseCode, Disconnect
from realtime.refusals import refusals
from tests.realtime.conftest import Connect, announce, in_thread, item
from tests.realtime.test_watch import insert
from tests.support.waiting import wait_until

Grown = Callable[..., float]
WAY = [
    ("aether_relayed_publications_total", "inventory"),
    ("aether_relay_batch_size",),
    ("aether_fanout_publications_total",),
    ("aether_deliveries_total",),
    ("aether_publish_to_write_seconds",),
]
COMING_BACK = [
    ("aether_resumes_total", "recovered"),
    ("aether_resumes_total", "epoch_changed"),
    ("aether_resets_total", "epoch_changed"),
    ("aether_replayed_publications_total",),
]


def number(name: str, *labels: str) -> float:
    """Return a number of this process, of a histogram how many observations it has."""
    *counts, total = metrics.read(node.here())[name].get(labels, [0.0])
    return sum(counts) if counts else total


@pytest.fixture
def grown() -> Grown:
    """Return by how much a number has grown since it was first asked for."""
    first: dict[tuple[str, ...], float] = {}

    def by(*name: str) -> float:
        return number(*name) - first.setdefault(name, number(*name))

    return by


async def test_a_publication_is_counted_on_its_way(connect: Connect, grown: Grown) -> None:
    """One publication to three clients: numbered once, fanned out once, delivered three times, within a moment."""
    clients = [await connect() for _ in range(3)]
    for client in clients:
        await client.subscribe("inventory")
    assert [grown(*name) for name in WAY] == [0, 0, 0, 0, 0]
    delays = metrics.read(node.here())["aether_publish_to_write_seconds"][()][-1]
    began = time.monotonic()
    await announce(item(1))
    for client in clients:
        await client.receive()
    assert [grown(*name) for name in WAY] == [1, 1, 1, 3, 1]
    took = metrics.read(node.here())["aether_publish_to_write_seconds"][()][-1] - delays
    assert 0 < took < time.monotonic() - began + 0.01


async def test_connections_and_subscriptions_are_told(connect: Connect) -> None:
    """Connections are counted by how they are spoken to, and subscriptions by topic, not by object."""
    modern, older = await connect(), await connect(v1=False)
    await modern.subscribe("jobs:7", "inventory")
    await older.subscribe("jobs")
    assert number("aether_connections", "websocket", "v1") == 1
    assert number("aether_connections", "websocket", "legacy") == 1
    assert (number("aether_subscriptions", "jobs"), number("aether_subscriptions", "inventory")) == (2, 1)
    assert "jobs:7" not in str(metrics.read(node.here()))


async def test_returning_clients_are_counted_by_outcome(connect: Connect, grown: Grown) -> None:
    """Whoever names a position counts as recovered, or under the reason why not; a first subscription does not."""
    assert [grown(*name) for name in COMING_BACK] == [0, 0, 0, 0]
    client = await connect()
    held = (await client.subscribe("inventory"))["positions"]
    await announce(item(1))
    await client.receive()
    assert [grown(*name) for name in COMING_BACK] == [0, 0, 0, 0]
    await (await connect()).ask({"type": "subscribe", "topics": ["inventory"], "since": held})
    assert [grown(*name) for name in COMING_BACK] == [1, 0, 0, 1]
    lost = {"inventory": {"offset": 1, "epoch": "of-another-time"}}
    await (await connect()).ask({"type": "subscribe", "topics": ["inventory"], "since": lost})
    assert [grown(*name) for name in COMING_BACK] == [1, 1, 1, 1]


async def test_what_no_message_brought_is_counted(connect: Connect, grown: Grown) -> None:
    """Publications that another process numbered without a word are a gap that the database filled."""
    client = await connect()
    await client.subscribe("inventory")
    assert (grown("aether_gaps_total"), grown("aether_gap_publications_total")) == (0, 0)

    def elsewhere() -> None:
        insert(1, 2)
        outbox.relay("inventory")

    await in_thread(elsewhere)
    await client.receive()
    assert (grown("aether_gaps_total"), grown("aether_gap_publications_total")) == (1, 2)


async def test_closes_are_counted_by_code(connect: Connect, grown: Grown) -> None:
    """A connection that the server closes counts once, by its code, however its messages are written."""
    assert grown("aether_closes_total", "4100") == 0
    client = await connect()
    [held] = node.here().hub.connections.values()
    for _ in range(2):
        held.close(Disconnect(CloseCode.SLOW_CONSUMER, "Slow consumer"))
    assert (await client.end())[1] == 4100
    assert grown("aether_closes_total", "4100") == 1


async def test_the_layer_and_the_loop_are_measured(connect: Connect) -> None:
    """The node's messages to itself come back, and the event loop's lateness is looked at, while nothing happens."""
    await connect()
    for name in ("aether_channel_layer_round_trip_seconds", "aether_event_loop_lag_seconds"):
        await wait_until(lambda name=name: number(name) > 1, what=name)
    assert number("aether_channel_layer_degraded") == 0


def test_refusals_are_counted_also_where_the_log_leaves_them_out(grown: Grown) -> None:
    """Each exceeded limit counts, however many there are."""
    assert grown("aether_refusals_total", "topics") == 0
    for _ in range(100):
        refusals.record("topics")
    assert grown("aether_refusals_total", "topics") == 100


@pytest.mark.django_db(transaction=True)
def test_time_of_writing_goes_along() -> None:
    """What is numbered carries the time at which it was written, the same as one reads from the database."""
    history.ensure(["inventory"])
    insert(1, 2)
    assert outbox.relay("inventory") == history.since("inventory", 0)
