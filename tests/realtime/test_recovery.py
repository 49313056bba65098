"""Tests of coming back: replay from memory and from the database, and resets where that is not possible."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import OperationalError
from pytest_django.fixtures import Settings

from notifications import actions
from realtime import audience, history, node, outbox, retention
from realtime.history import Pending
from realtime.models import Publication, Stream, new_epoch
from tests.realtime.clients import Client, Closed
from tests.realtime.conftest import Connect, announce, in_thread, item, numbers, publish

Positions = dict[str, Any]


async def position(connect: Connect, *names: str) -> Positions:
    """Return where a client that subscribes to *names* starts."""
    client = await connect()
    answer = await client.subscribe(*names)
    await client.wire.close()
    return answer["positions"]


async def resume(client: Client, names: list[str], since: Positions) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Subscribe from *since*; return what came, and the answer."""
    got = await client.ask({"type": "subscribe", "topics": names, "since": since})
    [answer] = [message for message in got if message["type"] == "subscription"]
    return [message for message in got if message is not answer], answer


async def has_snapshot(client: Client) -> bool:
    """Wait for a snapshot; False where the client is told to come back for it instead."""
    last: dict[str, Any] = {}
    try:
        while last.get("type") != "snapshot":
            last = await client.receive()
    except Closed as closed:
        end = (closed.code, last["type"], last["reconnect"])
    else:
        return True
    assert end == (1013, "disconnect", True)
    return False


def kinds(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return each message's type and topic."""
    return [(message["type"], message.get("topic", "")) for message in messages]


def number_some(*values: int) -> None:
    """Publish and number, with no node being told."""
    publish(*(item(n) for n in values))
    while outbox.relay("inventory"):
        pass


async def test_resumes_from_memory(connect: Connect) -> None:
    """A client that was away for a moment gets what it missed from the node's window."""
    staying, since = await connect(), await position(connect, "inventory")
    await staying.subscribe("inventory")
    for n in (1, 2, 3):
        await announce(item(n))
        await staying.receive()
    got, answer = await resume(await connect(), ["inventory"], since)
    assert numbers(got) == [1, 2, 3]
    assert answer["recovered"] == {"inventory": True}
    assert answer["positions"]["inventory"]["offset"] == 3


async def test_resumes_from_the_database(connect: Connect) -> None:
    """A node that nobody followed the topic on reads it back, and goes on live."""
    since = await position(connect, "inventory")
    await in_thread(number_some, 1, 2, 3)
    client = await connect()
    got, answer = await resume(client, ["inventory"], since)
    assert (numbers(got), answer["recovered"]) == ([1, 2, 3], {"inventory": True})
    await announce(item(4))
    assert numbers([await client.receive()]) == [4]


async def test_resumes_where_it_stopped(connect: Connect) -> None:
    """Only what came after the position is replayed."""
    since = await position(connect, "inventory")
    await in_thread(number_some, 1, 2, 3)
    since["inventory"]["offset"] = 2
    got, _ = await resume(await connect(), ["inventory"], since)
    assert numbers(got) == [3]


async def test_resumes_an_object(connect: Connect) -> None:
    """`jobs:7` continues from the position of `jobs`, with what is about job 7."""
    since = await position(connect, "jobs")
    await announce(item(1, "jobs", key="7"), item(2, "jobs", key="8"))
    await in_thread(outbox.relay, "jobs")
    got, answer = await resume(await connect(), ["jobs:7"], since)
    assert (numbers(got), answer["recovered"]) == ([1], {"jobs:7": True})


async def test_resumes_all_with_a_position_for_each_topic(connect: Connect) -> None:
    """`all` continues every topic that the client has a position of."""
    since = await position(connect, "all")
    await announce(item(1), item(2, "jobs"))
    for stream in ("inventory", "jobs"):
        await in_thread(outbox.relay, stream)
    got, answer = await resume(await connect(), ["all"], since)
    assert sorted(numbers(got)) == [1, 2]
    assert answer["recovered"] == {"all": True}


async def test_unknown_topics_in_since_are_ignored(connect: Connect) -> None:
    """A position of something that does not exist, or was not asked for, changes nothing."""
    since = await position(connect, "inventory")
    extra = {"nothing": {"offset": 5, "epoch": "e"}, "jobs": {"offset": 99, "epoch": "e"}}
    got, answer = await resume(await connect(), ["inventory"], since | extra)
    assert (got, answer["recovered"]) == ([], {"inventory": True})


async def test_another_epoch_is_a_reset(connect: Connect) -> None:
    """Offsets of another epoch mean nothing here: the client starts from a snapshot."""
    client = await connect()
    since = {"inventory": {"offset": 3, "epoch": "elsewhere-0"}}
    got, answer = await resume(client, ["inventory"], since)
    assert kinds(got) == [("reset", "inventory"), ("snapshot", "inventory")]
    assert got[0]["reason"] == "epoch_changed"
    assert got[1]["positions"] == answer["positions"]
    assert answer["recovered"] == {"inventory": False}
    await announce(item(1))
    assert numbers([await client.receive()]) == [1]


async def test_another_audience_is_a_reset(connect: Connect, user: User) -> None:
    """Who joined a group meanwhile could not see part of what passed, so it is not skipped silently."""
    since = await position(connect, "inventory")
    await in_thread(lambda: user.groups.add(Group.objects.create(name="night shift")))
    got, answer = await resume(await connect(), ["inventory"], since)
    assert kinds(got) == [("reset", "inventory"), ("snapshot", "inventory")]
    assert (got[0]["reason"], answer["recovered"]) == ("audience_changed", {"inventory": False})


async def test_pruned_history_is_a_reset(connect: Connect) -> None:
    """A client that was away for longer than history lasts gets a snapshot."""
    since = await position(connect, "inventory")
    await in_thread(number_some, *range(1, 11))
    await in_thread(lambda: retention.prune("inventory", count=3, age=3_600))
    got, _ = await resume(await connect(), ["inventory"], since)
    assert kinds(got) == [("reset", "inventory"), ("snapshot", "inventory")]
    assert got[0]["reason"] == "window_exceeded"


async def test_history_pruned_to_nothing_is_a_reset(connect: Connect) -> None:
    """The same where nothing at all is left."""
    since = await position(connect, "inventory")
    await in_thread(number_some, 1, 2)
    await in_thread(lambda: retention.prune("inventory", count=0, age=3_600))
    got, _ = await resume(await connect(), ["inventory"], since)
    assert [message.get("reason") for message in got] == ["window_exceeded", None]


async def test_too_much_to_replay_is_a_reset(connect: Connect, settings: Settings) -> None:
    """Past the limit a snapshot is cheaper than a replay."""
    settings.REALTIME_REPLAY_LIMIT = 5
    since = await position(connect, "inventory")
    await in_thread(number_some, *range(1, 7))
    got, _ = await resume(await connect(), ["inventory"], since)
    assert got[0]["reason"] == "window_exceeded"
    since["inventory"]["offset"] = 1
    got, _ = await resume(await connect(), ["inventory"], since)
    assert numbers(got) == [2, 3, 4, 5, 6]


async def test_a_position_ahead_of_the_database_is_a_reset(connect: Connect) -> None:
    """A restored backup is behind its clients: they start again from what there is."""
    since = await position(connect, "inventory")
    since["inventory"]["offset"] = 50
    got, _ = await resume(await connect(), ["inventory"], since)
    assert kinds(got) == [("reset", "inventory"), ("snapshot", "inventory")]
    assert got[0]["reason"] == "epoch_changed"


async def test_a_position_ahead_of_the_node_is_no_reset(connect: Connect) -> None:
    """A client that comes from a node which was quicker loses nothing and gets nothing twice."""
    staying = await connect()
    since = (await staying.subscribe("inventory"))["positions"]
    client = await connect()
    await in_thread(number_some, 1, 2)
    since["inventory"]["offset"] = 2
    got, answer = await resume(client, ["inventory"], since)
    assert (got, answer["recovered"]) == ([], {"inventory": True})
    await announce(item(3))
    assert numbers([await client.receive()]) == [3]


async def test_a_snapshot_on_request(connect: Connect) -> None:
    """A client may ask for a topic's state, and continues from there."""
    await in_thread(lambda: actions.create(title="there", message=""))
    client = await connect()
    got = await client.ask({"type": "subscribe", "topics": ["notifications"], "snapshot": True})
    snapshot = next(message for message in got if message["type"] == "snapshot")
    assert [one["title"] for one in snapshot["data"]["notifications"]] == ["there"]
    assert set(snapshot["data"]) == set(client.initial["data"])


async def test_a_new_epoch_resets_who_is_connected(connect: Connect) -> None:
    """When the database was replaced, connected clients are told and start again, and go on live."""
    client = await connect()
    await client.subscribe("inventory")
    await in_thread(lambda: Stream.objects.filter(name="inventory").update(epoch=new_epoch()))
    got = await client.until(lambda message: message["type"] == "snapshot")
    assert kinds(got) == [("reset", "inventory"), ("snapshot", "inventory")]
    await announce(item(1))
    assert numbers([await client.receive()]) == [1]


async def test_a_head_that_went_back_resets_who_is_connected(connect: Connect) -> None:
    """A restored backup is noticed by its lower head."""
    client = await connect()
    await client.subscribe("inventory")
    await announce(item(1), item(2))
    await client.until(lambda message: 2 in numbers([message]))

    def restore() -> None:
        Publication.objects.filter(stream="inventory", offset=2).delete()
        Stream.objects.filter(name="inventory").update(head=1)

    await in_thread(restore)
    got = await client.until(lambda message: message["type"] == "snapshot")
    assert (got[0]["type"], got[0]["reason"]) == ("reset", "epoch_changed")


async def test_every_subscriber_survives_a_reset_that_meets_a_busy_database(
    connect: Connect, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a snapshot fails, no client stays behind: it gets one later, or is told to come back, and goes on live."""
    clients = [await connect(), await connect(who=other), await connect()]
    for client in clients:
        await client.subscribe("inventory")
    real, failures = history.pending, iter([False, True, True])

    def sometimes(stream: str) -> Any:
        if stream == "inventory" and next(failures, False):
            raise OperationalError("database is locked")
        return real(stream)

    monkeypatch.setattr(history, "pending", sometimes)
    (await node.running()).on_reset("inventory", "epoch_changed")
    there = [client for client in clients if await has_snapshot(client)]
    await announce(item(1))
    for client in there:
        assert numbers(await client.until(lambda message: numbers([message]) == [1])) == [1]


async def test_joining_a_group_brings_its_publications(connect: Connect, user: User) -> None:
    """A connected user's new group takes effect at once, with a reset and a snapshot, and then live."""
    client = await connect()
    await client.subscribe("inventory")
    group = await in_thread(lambda: Group.objects.create(name="night shift"))
    await in_thread(lambda: user.groups.add(group))
    got = await client.until(lambda message: message["type"] == "snapshot")
    assert (got[0]["type"], got[0]["reason"]) == ("reset", "audience_changed")
    await announce(item(1, audience=audience.for_group(group.pk)))
    assert numbers([await client.receive()]) == [1]


async def test_leaving_a_group_ends_its_publications(connect: Connect, user: User) -> None:
    """From the reset on nothing of the group comes any more."""
    group = await in_thread(user.groups.get)
    client = await connect()
    await client.subscribe("inventory")
    await in_thread(user.groups.clear)
    await client.until(lambda message: message["type"] == "snapshot")
    await announce(item(1, audience=audience.for_group(group.pk)), item(2))
    assert numbers([await client.receive()]) == [2]


async def test_a_new_group_takes_effect_though_the_database_is_busy(
    connect: Connect, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the snapshot fails the client gets one later, or is told to come back; it does not stay behind."""
    client = await connect()
    await client.subscribe("inventory")
    real, failures = history.pending, iter([True])

    def sometimes(stream: str) -> Any:
        if stream == "inventory" and next(failures, False):
            raise OperationalError("database is locked")
        return real(stream)

    monkeypatch.setattr(history, "pending", sometimes)
    await in_thread(lambda: user.groups.add(Group.objects.create(name="night shift")))
    if await has_snapshot(client):
        await announce(item(1))
        assert numbers([await client.receive()]) == [1]


async def test_a_later_snapshot_forgets_what_an_earlier_one_waited_for(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was pending then may have been numbered since, or its id may come again after a restore: it is not kept."""
    real, waiting = history.pending, iter([[Pending(999, "1", audience.EVERYONE)]])
    monkeypatch.setattr(history, "pending", lambda stream: [*real(stream), *next(waiting, [])])
    client = await connect()
    await client.ask({"type": "subscribe", "topics": ["jobs:1"], "snapshot": True})
    await client.ask({"type": "subscribe", "topics": ["jobs:2"], "snapshot": True})
    here = await node.running()
    held = here.hub.connections[client.hello["client_id"]].subscriptions["jobs"]
    assert (held.keys, held.suppressed) == ({"1", "2"}, set())


async def test_a_replay_ends_where_its_audiences_do(connect: Connect, user: User, settings: Settings) -> None:
    """Who leaves a user group in the middle of a long replay gets nothing more of it, but a reset."""
    settings.WEBSOCKET_SEND_BUFFER = 16 * 1024
    group = await in_thread(user.groups.get)
    since = await position(connect, "inventory")
    await announce(*(item(n, audience=audience.for_group(group.pk)) for n in range(400)))
    client = await connect()
    here = await node.running()
    connection = here.hub.connections[client.hello["client_id"]]
    drained = connection.sink.drained

    async def leave_first() -> None:
        connection.audiences = {**connection.audiences, "inventory": frozenset({audience.EVERYONE})}
        await drained()

    connection.sink = Leaving(connection.sink, leave_first)
    got, answer = await resume(client, ["inventory"], since)
    assert [kind for kind, _ in kinds(got)][:2] == ["reset", "snapshot"]
    assert got[0]["reason"] == "audience_changed"
    assert numbers(got) == []
    assert answer["recovered"] == {"inventory": False}


class Leaving:
    """A sink whose client loses an audience while it takes what it was sent."""

    def __init__(self, sink: Any, drained: Any) -> None:
        self._sink = sink
        self.drained = drained

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)
