"""The database or the channel layer is away for a moment, at the worst moment."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from django.contrib.auth.models import Group, User
from django.db import OperationalError, connections
from pytest_django.fixtures import Settings

from realtime import audience, history, node, outbox, topics, watch, wishes
from realtime.broker import Broker
from realtime.history import Published
from realtime.models import Publication
from tests.realtime.conftest import announce, flat, in_thread, item, numbers
from tests.support.waiting import wait_until

Connect = Callable[..., Awaitable[Any]]


def failing(work: Callable[..., Any], outcomes: Iterator[bool]) -> Callable[..., Any]:
    """Return *work*, which fails whenever the next of *outcomes* is true."""

    def sometimes(*arguments: Any, **options: Any) -> Any:
        if next(outcomes, False):
            raise OperationalError("the database is away")
        return work(*arguments, **options)

    return sometimes


async def test_a_node_that_could_not_start_is_started_by_the_next_client(
    live: None, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that came up without its database serves as soon as it is there."""
    monkeypatch.setattr(history, "ensure", failing(history.ensure, iter([True])))
    with pytest.raises(OperationalError):
        await node.running()
    client = await connect()
    await client.subscribe("inventory")
    await announce(item(1))
    assert numbers([await client.receive()]) == [1]


async def test_clients_that_come_together_wait_for_the_same_start(live: None) -> None:
    """Nobody gets a node that is not ready, and there is only one."""
    first, second = await asyncio.gather(node.running(), node.running())
    assert first is second
    assert first.hub.streams["control"].last is not None


async def test_a_broker_starts_though_the_layer_is_away() -> None:
    """Its groups are joined as soon as the layer answers; nobody waits for that."""

    class Late(InMemoryChannelLayer):
        failures = iter([True])

        async def new_channel(self, prefix: str = "specific.") -> str:
            if next(self.failures, False):
                raise ConnectionError("refused")
            return str(await super().new_channel(prefix))

    heard: list[dict[str, Any]] = []
    layer = Late()
    broker = Broker(layer, heard.append)
    broker.join("aether.test")
    await broker.start()
    await wait_until(lambda: layer.groups, what="the broker to join")
    broker.publish("aether.test", {"type": "hello"})
    await wait_until(lambda: heard)
    await broker.stop()


async def test_a_frozen_layer_is_noticed_within_two_seconds() -> None:
    """A layer that accepts a message and never answers counts as degraded as soon as one that refuses it."""

    class Frozen(InMemoryChannelLayer):
        async def send(self, channel: str, message: Any) -> None:
            await asyncio.Event().wait()

    broker = Broker(Frozen(), lambda message: None)
    await broker.start()
    await wait_until(lambda: broker.degraded, deadline=2.0)
    await broker.stop()


async def test_an_unread_count_that_could_not_be_read_is_sent_later(
    connect: Connect, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients do not keep an old count because the database was away when theirs changed."""
    topic = topics.registered()["inventory"]
    told = failing(lambda ids: {pk: {"type": "unread_count", "unread_count": 7} for pk in ids}, iter([True]))
    monkeypatch.setattr(topic, "summaries", told)
    client = await connect()
    await client.subscribe("inventory")
    await announce(item(1))
    got = await client.until(lambda message: message["type"] == "unread_count")
    assert got[-1]["unread_count"] == 7


async def test_the_count_follows_each_publication(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sent again though it is the same: a mark carries the count of its own transaction, which may be older."""
    topic = topics.registered()["inventory"]
    monkeypatch.setattr(topic, "summaries", lambda ids: {pk: {"type": "unread_count", "unread_count": 3} for pk in ids})
    client = await connect()
    await client.subscribe("inventory")
    for number in (1, 2):
        await announce(item(number))
        await client.until(lambda message: message["type"] == "unread_count")


async def test_a_client_that_resumes_is_told_the_count(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed while it was away is in the replay; the count that belongs to it comes after."""
    topic = topics.registered()["inventory"]
    monkeypatch.setattr(topic, "summaries", lambda ids: {pk: {"type": "unread_count", "unread_count": 3} for pk in ids})
    client = await connect()
    held = (await client.subscribe("inventory"))["positions"]
    await client.wire.close()
    back = await connect()
    await back.subscribe("inventory", since=held)
    got = await back.until(lambda message: message["type"] == "unread_count")
    assert got[-1]["unread_count"] == 3


async def test_a_group_that_changes_during_a_subscribe_counts(
    connect: Connect, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subscription that was on its way with the old audiences gets the new ones, with a reset."""
    client = await connect()
    here = await node.running()
    group = await in_thread(lambda: Group.objects.create(name="night shift"))
    [served] = here.hub.connections.values()
    real = wishes.authorized

    def joining(*arguments: Any) -> Any:
        user.groups.add(group)
        return real(*arguments)

    original, before = here.recovery.from_head, served.audiences

    async def slowly(subscription: Any, stream: str) -> None:
        await wait_until(lambda: served.audiences != before, what="the new audiences")
        await original(subscription, stream)

    monkeypatch.setattr(wishes, "authorized", joining)
    monkeypatch.setattr(here.recovery, "from_head", slowly)
    await client.send({"type": "subscribe", "topics": ["inventory"]})
    await client.until(lambda message: message["type"] == "subscription")
    await announce(item(1, audience=audience.for_group(group.pk)))
    assert numbers(await client.until(lambda message: numbers([message]) == [1])) == [1]


async def test_a_subscribe_that_failed_can_be_repeated(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an `unavailable` for a snapshot of a subscribed topic, the next attempt goes live again."""
    client = await connect()
    await client.subscribe("inventory")
    monkeypatch.setattr(history, "pending", failing(history.pending, iter([True])))
    await client.send({"type": "subscribe", "topics": ["inventory"], "snapshot": True})
    got = await client.until(lambda message: message["type"] == "error")
    assert got[-1]["code"] == "unavailable"
    await client.send({"type": "subscribe", "topics": ["inventory"]})
    await client.until(lambda message: message["type"] == "subscription")
    await announce(item(1))
    assert numbers(await client.until(lambda message: numbers([message]) == [1])) == [1]


async def test_a_connection_that_died_costs_nobody_an_answer(live: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that failed on a kept database connection which is dead is done again on a new one."""
    here = await node.running()
    for _ in range(20):  # Every thread of the pool has a connection.
        await here.run(history.heads)
    monkeypatch.setattr(type(connections["default"]), "is_usable", lambda self: False)
    assert "inventory" in await here.run(failing(history.heads, iter([True])))


async def test_a_gap_that_opens_while_another_is_filled_is_filled_too(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading of the history that came too soon is followed by another, without waiting for the clock."""
    monkeypatch.setattr(watch, "TICK", 60.0)
    monkeypatch.setattr(watch, "POLL", 60.0)
    client = await connect()
    await client.subscribe("inventory")
    here, real, readings = await node.running(), history.since, iter([True])

    def numbered(*values: int) -> list[Published]:
        rows = [outbox.encode(item(value).body) for value in values]
        Publication.objects.bulk_create(Publication(stream="inventory", audience="everyone", body=row) for row in rows)
        return outbox.relay("inventory")

    def too_soon(stream: str, offset: int, *more: Any) -> list[Published]:
        found = real(stream, offset, *more)
        if stream == "inventory" and next(readings, False):
            early = numbered(2, 3)[1:]
            here.loop.call_soon_threadsafe(here.hub.receive, "inventory", early)
        return found

    monkeypatch.setattr(history, "since", too_soon)
    await in_thread(numbered, 1)
    here.fill("inventory")
    got: list[int] = []
    while len(got) < 3:
        got += numbers([await client.receive()])
    assert got == [1, 2, 3]


async def test_a_client_whose_new_state_cannot_be_read_comes_again(
    connect: Connect, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is left on a connection that stays silent: it ends, and the next one begins anew."""
    client = await connect()
    await client.subscribe("inventory")

    def broken(*_: Any) -> dict[str, Any]:
        raise ValueError("a mistake in a topic")

    monkeypatch.setattr(topics.registered()["inventory"], "snapshots_at", broken)
    await in_thread(lambda: user.groups.add(Group.objects.create(name="night shift")))
    last, code = await client.end()
    assert (last["type"], last["reconnect"], code) == ("disconnect", True, 1011)


async def test_a_client_that_is_far_behind_comes_back(connect: Connect, settings: Settings) -> None:
    """A replay of several times what may wait for one client goes at its pace, and does not cut it off."""
    settings.WEBSOCKET_SEND_BUFFER = 16 * 1024
    client = await connect()
    held = (await client.subscribe("inventory", "jobs"))["positions"]
    await client.wire.close()
    numbered = range(1, 400)
    for stream in ("inventory", "jobs"):
        await announce(*(item(number, stream, key=str(number)) for number in numbered))
    back = await connect()
    await back.send({"type": "subscribe", "topics": ["inventory", "jobs"], "since": held})
    got = await back.until(lambda message: message["type"] == "subscription")
    assert got[-1]["recovered"] == {"inventory": True, "jobs": True}
    while len(numbers(got)) < 2 * len(numbered):  # What was not numbered yet comes live.
        got.append(await back.receive())
    for stream in ("inventory", "jobs"):
        assert numbers([message for message in flat(got) if message.get("topic") == stream]) == [*numbered]


async def test_an_answer_gives_no_position_before_its_snapshot(connect: Connect) -> None:
    """A client that resumed from it would miss what the snapshot was to bring."""
    client = await connect()
    await client.subscribe("inventory")
    here = await node.running()
    [served] = here.hub.connections.values()
    here.hub.pause(served.subscriptions["inventory"], "inventory")
    assert (await client.subscribe("inventory", "jobs"))["positions"].keys() == {"jobs"}
