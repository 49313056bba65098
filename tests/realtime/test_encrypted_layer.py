"""Tests of the encrypted channel layer on a real Valkey: nothing in clear, and keys that are changed node by node."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio
from channels_redis.pubsub import RedisPubSubChannelLayer

from realtime import keys
from tests.realtime.test_broker import Node, joined
from tests.support.valkey import Monitor
from tests.support.waiting import wait_until

MARKER = "xyzzy-plugh"
GROUP = "aether.jobs"
OLD, NEW = keys.generate(), keys.generate()


@pytest.fixture
def monitor(valkey_url: str) -> Iterator[Monitor]:
    """What Valkey is told."""
    with Monitor(valkey_url) as monitor:
        yield monitor


@pytest_asyncio.fixture
async def start(valkey_url: str) -> AsyncIterator[Callable]:
    """Start nodes with the keys that are given; they end with the test."""
    running: list[tuple[Node, RedisPubSubChannelLayer]] = []

    async def with_keys(*masters: str) -> Node:
        encrypting = keys.channel_layer_keys(list(masters))
        layer = RedisPubSubChannelLayer([valkey_url], symmetric_encryption_keys=encrypting)
        node = Node(layer)
        running.append((node, layer))
        await node.broker.start()
        node.broker.join(GROUP)
        return node

    yield with_keys
    for node, layer in running:
        await node.broker.stop()
        await layer.flush()


async def hears(listener: Node, sender: Node) -> None:
    """Make sure that *listener* can read what *sender* says."""
    listener.got.clear()
    await joined(listener, GROUP, sender)


async def test_messages_are_not_in_clear(start: Callable, monitor: Monitor) -> None:
    """Of what nodes tell each other Valkey sees no word; without keys it sees all."""
    for masters, seen in (((OLD,), False), ((), True)):
        here, there = await start(*masters), await start(*masters)
        await hears(here, there)
        there.broker.publish(GROUP, {"type": "test.item", "n": 1, "text": f"{MARKER}-{len(masters)}"})
        await wait_until(lambda here=here: 1 in here.numbers)
        commands = monitor.heard()
        assert "PUBLISH" in commands.upper()
        assert (f"{MARKER}-{len(masters)}" in commands) is seen


async def test_a_rolling_change_of_keys_loses_nothing(start: Callable) -> None:
    """New key last on every node, then first, then alone: at each step all nodes read each other."""
    steps = ((OLD,), (OLD, NEW), (NEW, OLD), (NEW,))
    for before, after in itertools.pairwise(steps):
        one, other = await start(*before), await start(*after)
        await hears(one, other)
        await hears(other, one)
        assert (one.broker.unreadable, other.broker.unreadable) == (0, 0)


@pytest.mark.parametrize("stranger", [(NEW,), ()])
async def test_a_node_with_other_keys_keeps_nobody_up(
    start: Callable, stranger: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """What it says is passed over at once and noted once in the log; what others say comes as ever."""
    here, there, foreign = await start(OLD), await start(OLD), await start(*stranger)
    await hears(here, there)
    before = here.broker.unreadable
    for number in range(100):
        foreign.broker.publish(GROUP, {"type": "test.item", "n": -number})
    await foreign.broker.flush()
    await wait_until(lambda: here.broker.unreadable >= before + 100, deadline=5, what="a hundred unreadable ones")
    there.broker.publish(GROUP, {"type": "test.item", "n": 7})
    await wait_until(lambda: here.numbers == [7], what="what can be read")
    assert not here.broker.degraded
    messages = [record.message for record in caplog.records if "ENCRYPTION_KEYS" in record.message]
    assert 1 <= len(messages) <= 3
    assert "failed in" not in caplog.text
