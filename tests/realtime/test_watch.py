"""Tests of what a node does by the clock: it finds what nobody told it about."""

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from realtime import history, node, outbox, upkeep
from realtime.broker import Broker, publications
from realtime.history import Published
from realtime.models import Lease, Publication
from tests.realtime.clients import Client
from tests.realtime.conftest import Connect, announce, in_thread, item, numbers
from tests.support.servers import ROOT, environment
from tests.support.waiting import wait_until


def insert(*values: int, stream: str = "inventory") -> None:
    """Store publications as a process does that dies right after its commit: nobody is woken."""
    Publication.objects.bulk_create(
        [Publication(stream=stream, audience="everyone", body=outbox.encode(item(n, stream).body)) for n in values]
    )


async def get(client: Client, count: int) -> list[int]:
    """Return the next *count* numbers that *client* gets."""
    got: list[int] = []
    while len(got) < count:
        got += numbers([await client.receive()])
    return got


async def test_what_a_dead_process_left_is_swept(connect: Connect) -> None:
    """What was committed and never numbered arrives within a second or so."""
    client = await connect()
    await client.subscribe("inventory")
    await in_thread(insert, 1, 2)
    assert await get(client, 2) == [1, 2]


async def test_what_another_process_numbered_is_found(connect: Connect) -> None:
    """A publication whose message was lost on the way is read from the database, in order."""
    client = await connect()
    await client.subscribe("inventory")

    def elsewhere() -> None:
        insert(*range(1, 700))
        outbox.relay("inventory")

    await in_thread(elsewhere)
    await announce(item(700))
    assert await get(client, 700) == list(range(1, 701))


@pytest.mark.sqlite
async def test_another_process_reaches_the_browsers(connect: Connect) -> None:
    """A plain `objects.create()` in `manage.py shell` beside the server is pushed, also without a shared layer."""
    client = await connect()
    await client.subscribe("notifications")
    name = connection.settings_dict["NAME"]
    code = "from notifications.models import Notification; Notification.objects.create(title='other', message='m')"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", code,
        env=environment(DATABASE_URL=f"sqlite:///{name}"), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0
    [*_, message] = await client.until(lambda message: message["type"] == "notification")
    assert (message["action"], message["data"]["title"], message["offset"]) == ("created", "other", 1)


async def test_a_message_from_another_node_is_delivered(connect: Connect) -> None:
    """What another node numbered comes through the channel layer, without a look into the database."""
    client = await connect()
    await client.subscribe("inventory")
    await arrives_from_another_node(client)


async def test_a_topic_that_somebody_else_leaves_meanwhile_stays_joined(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one client's subscribe waits for the head, another may come and go; the node must stay in the group."""
    waiting, leaving = await connect(), await connect()
    real, gates = history.head, iter([True])
    gate = threading.Event()

    def slowly(stream: str) -> Any:
        found = real(stream)
        if stream == "inventory" and next(gates, None):
            gate.wait(5)
        return found

    monkeypatch.setattr(history, "head", slowly)
    await waiting.send({"type": "subscribe", "topics": ["inventory"]})
    await wait_until(lambda: "inventory" in (here.hub.streams if (here := node.here()) else ()))
    await leaving.subscribe("inventory")
    await leaving.ask({"type": "unsubscribe", "topics": ["inventory"]})
    gate.set()
    await waiting.until(lambda message: message["type"] == "subscription")
    await arrives_from_another_node(waiting)


async def arrives_from_another_node(client: Client) -> None:
    """Wait until *client* gets what another node hands to the group of its topic."""
    layer = get_channel_layer()
    assert layer is not None
    other = Broker(layer, lambda message: None)
    await other.start()
    row = Published(1, 1, "everyone", "", None, outbox.encode(item(1).body), None)

    async def arrives() -> bool:
        other.publish(*publications("inventory", [row], origin="other"))
        return numbers(await client.quiet()) == [1]

    await wait_until(arrives)
    await other.stop()


async def test_a_busy_database_loses_nothing(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbering that fails is tried again, and everything arrives once and in order."""
    client = await connect()
    await client.subscribe("inventory")
    real, failures = outbox.relay, iter([True] * 3)

    def sometimes(stream: str) -> list[Published]:
        if next(failures, False):
            raise OperationalError("database is locked")
        return real(stream)

    monkeypatch.setattr(outbox, "relay", sometimes)
    for n in (1, 2, 3):
        await announce(item(n))
    assert await get(client, 3) == [1, 2, 3]


async def test_reading_a_gap_is_tried_again(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away while a gap is read delays it, and no more."""
    client = await connect()
    await client.subscribe("inventory")
    real, failures = history.since, iter([True])

    def sometimes(*arguments: Any) -> list[Published]:
        if next(failures, False):
            raise OperationalError("database is locked")
        return real(*arguments)

    monkeypatch.setattr(history, "since", sometimes)

    def elsewhere() -> None:
        insert(1, 2)
        outbox.relay("inventory")

    await in_thread(elsewhere)
    assert await get(client, 2) == [1, 2]


async def test_nodes_of_two_loops_get_each_others_publications(connect: Connect, user: User) -> None:
    """Each event loop has a node of its own; what one numbers reaches the clients of the other."""
    client = await connect()
    await client.subscribe("inventory")

    def another_loop() -> None:
        async def serve() -> None:
            await node.running()
            await announce(item(1))
            await node.stop()

        asyncio.run(serve())

    await asyncio.to_thread(another_loop)
    assert await get(client, 1) == [1]
    await announce(item(2))
    assert await get(client, 1) == [2]


async def test_stopping_twice_is_fine_and_leaves_no_thread(live: None) -> None:
    """A node ends its threads with it."""
    before = {thread.name for thread in threading.enumerate() if thread.name.startswith("aether")}
    started = await node.running()
    await node.stop()
    await node.stop()
    await started.stop()
    await asyncio.to_thread(lambda: None)
    left = {thread.name for thread in threading.enumerate() if thread.name.startswith("aether")} - before
    assert left == set()
    assert node.here() is None


async def test_a_work_that_fails_keeps_no_other_from_being_done(live: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails each time is tried again each time, and what comes after it is done."""
    done: list[str] = []

    def fail() -> None:
        done.append("failed")
        raise ValueError("It cannot be done.")

    monkeypatch.setattr(upkeep, "registered", lambda: [fail, lambda: done.append("done")])
    await node.running()
    await wait_until(lambda: done.count("failed") > 1 and done.count("done") > 1, what="both works")


@pytest.mark.django_db(transaction=True)
def test_one_node_at_a_time_holds_the_lease() -> None:
    """Another gets it when it has run out, and its holder may renew it."""
    assert upkeep.take_lease("work", "a", 60)
    assert upkeep.take_lease("work", "a", -1)
    assert upkeep.take_lease("work", "b", 60)
    assert not upkeep.take_lease("work", "a", 60)


async def test_a_node_that_stops_gives_the_lease_back(live: None) -> None:
    """Another node gets it at once; what others hold stays theirs."""
    await node.running()
    await wait_until(Lease.objects.filter(name="upkeep", expires_at__gt=timezone.now()).aexists, what="the lease")
    await in_thread(upkeep.take_lease, "upkeep of another", "b", 60)
    await node.stop()
    assert await in_thread(upkeep.take_lease, "upkeep", "b", 60)
    assert not await in_thread(upkeep.take_lease, "upkeep of another", "a", 60)


@pytest.mark.django_db(transaction=True)
def test_every_stream_is_pruned_by_its_own_rule(settings: Settings) -> None:
    """What is beyond the number goes, what is pending stays."""
    settings.REALTIME_HISTORY_COUNT = 2
    insert(1, 2, 3, 4)
    outbox.relay("inventory")
    insert(5)
    assert upkeep.prune_all()["inventory"] == 2
    assert [one.offset for one in history.since("inventory", 2)] == [3, 4]
    assert len(history.pending("inventory")) == 1
