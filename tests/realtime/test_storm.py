"""Everybody comes back at once: the history is read once."""

import asyncio
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from realtime import history, node
from tests.realtime.conftest import Connect, announce, item, numbers
from tests.support.waiting import wait_until

CROWD = 150
MISSED = 40


async def test_many_resumes_read_the_history_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Clients that come back to a fresh node get all that they missed, from one read per stream, and of details."""
    settings.LIMIT_CONNECTIONS_PER_USER = CROWD + 1
    scout = await connect()
    answer = await scout.subscribe("inventory", "jobs")
    since = answer["positions"]
    await announce(*(item(number, stream) for number in range(MISSED) for stream in ("inventory", "jobs")))
    await node.stop()
    reads: list[tuple[Any, ...]] = []
    real_before, real_since = history.before, history.since

    def before(*arguments: Any, **options: Any) -> Any:
        reads.append(arguments)
        return real_before(*arguments, **options)

    def gap(*arguments: Any, **options: Any) -> Any:
        reads.append(arguments)
        return real_since(*arguments, **options)

    clients = await asyncio.gather(*(connect() for _ in range(CROWD)))
    here = await node.running()
    await wait_until(lambda: here.hub.streams["control"].last is not None)
    monkeypatch.setattr(history, "before", before)
    monkeypatch.setattr(history, "since", gap)

    async def resume(client: Any) -> list[int]:
        await client.send({"type": "subscribe", "topics": ["inventory", "jobs"], "since": since})
        got = await client.until(lambda message: message["type"] == "subscription")
        assert got[-1]["recovered"] == {"inventory": True, "jobs": True}
        return numbers(got)

    for got in await asyncio.gather(*(resume(client) for client in clients)):
        assert sorted(got) == sorted([*range(MISSED)] * 2)
    assert sorted(arguments[0] for arguments in reads) == ["inventory", "jobs", "jobs"]
