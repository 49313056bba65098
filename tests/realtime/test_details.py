"""Tests of details: what is published about one object for those who follow it by name."""

from dataclasses import replace
from typing import Any

import pytest

from realtime import history, node, outbox, retention
from realtime.broker import publications, published
from realtime.errors import UnrecoverablePosition
from realtime.history import Published, Window
from realtime.models import Publication
from realtime.outbox import Draft
from tests.realtime.clients import Client
from tests.realtime.conftest import Connect, announce, in_thread, item, numbers, publish
from tests.realtime.test_recovery import position, resume


def detail(number: int, key: str = "7") -> Draft:
    """Return a detail of the job *key* that carries *number*."""
    return item(number, "jobs", key=key, detail=True)


def state(number: int, key: str = "7") -> Draft:
    """Return what is no detail."""
    return item(number, "jobs", key=key)


async def said(client: Client, last: int) -> list[int]:
    """Return the numbers that *client* is sent up to *last*, which everyone gets."""
    got: list[dict[str, Any]] = []
    while last not in numbers(got):
        got.append(await client.receive())
    return numbers(got)


@pytest.mark.parametrize(
    ("topics", "v1", "expected"),
    [
        (["jobs"], True, [1, 9]),
        (["all"], True, [1, 9]),
        (["jobs:7"], True, [1, 2, 9]),
        (["all", "jobs", "jobs:7"], True, [1, 2, 9]),
        (["jobs:7", "jobs:8"], True, [1, 2, 3, 9]),
        (["jobs"], False, [1, 2, 3, 9]),
        (["all"], False, [1, 2, 3, 9]),
        (["jobs:7"], False, [1, 2, 9]),
        (["all", "jobs", "jobs:7"], False, [1, 2, 3, 9]),
    ],
)
async def test_who_gets_a_detail(connect: Connect, topics: list[str], v1: bool, expected: list[int]) -> None:
    """v1 clients get details of what they named, older ones of all that they follow; each comes once."""
    client = await connect(v1=v1)
    await client.subscribe(*topics)
    await announce(state(1), detail(2), detail(3, "8"), state(9))
    assert await said(client, 9) == expected


async def test_naming_an_object_later_begins_with_its_state(connect: Connect) -> None:
    """Who follows everything and then one object gets its details from there on, and no more once it leaves it."""
    client = await connect()
    await client.subscribe("jobs")
    await announce(detail(1), state(2))
    assert await said(client, 2) == [2]
    got = await client.ask({"type": "subscribe", "topics": ["jobs:7"], "snapshot": True})
    assert {message["topic"] for message in got if message["type"] == "snapshot"} == {"jobs", "jobs:7"}
    await announce(detail(3), state(4))
    assert await said(client, 4) == [3, 4]
    await client.send({"type": "unsubscribe", "topics": ["jobs:7"]})
    await client.until(lambda message: message["type"] == "subscription")
    await announce(detail(5), state(6))
    assert await said(client, 6) == [6]


async def test_a_position_of_an_object_that_was_followed_apart_is_not_skipped_over(connect: Connect) -> None:
    """Who has `jobs` already, and comes with a position of `jobs:7`, gets its state instead of a gap."""
    since = await position(connect, "jobs:7")
    client = await connect()
    await client.subscribe("jobs")
    await announce(detail(1), state(2))
    assert await said(client, 2) == [2]
    got, answer = await resume(client, ["jobs:7"], since)
    assert answer["recovered"] == {"jobs:7": False}
    assert "jobs:7" in {message["topic"] for message in got if message["type"] == "snapshot"}


@pytest.mark.parametrize(
    ("topics", "expected"), [(["jobs"], [2, 4]), (["jobs:7"], [1, 2, 4]), (["all", "jobs:7"], [1, 2, 4])]
)
@pytest.mark.parametrize("followed", [True, False], ids=["from memory", "from the database"])
async def test_a_replay_has_the_same_in_it(
    connect: Connect, topics: list[str], expected: list[int], followed: bool
) -> None:
    """Who comes back gets of what it missed just what it would have got."""
    if followed:
        staying = await connect()
        await staying.subscribe("jobs")
    since = await position(connect, *topics)
    await announce(detail(1), state(2), detail(3, "8"), state(4))
    if followed:
        await said(staying, 4)
    else:
        await in_thread(outbox.relay, "jobs")
    got, answer = await resume(await connect(), topics, since)
    assert numbers(got) == expected
    assert all(answer["recovered"].values())


async def test_details_do_not_push_states_out_of_a_replay(connect: Connect) -> None:
    """Many details count nothing for who does not want them; who does gets a snapshot beyond the limit."""
    since, of_one = await position(connect, "jobs"), await position(connect, "jobs:7")
    here = await node.running()
    here.conf = replace(here.conf, replay_limit=10, window_count=10)
    await announce(state(1), *(detail(n) for n in range(2, 42)), state(42))
    await in_thread(outbox.relay, "jobs")
    got, answer = await resume(await connect(), ["jobs"], since)
    assert (numbers(got), answer["recovered"]) == ([1, 42], {"jobs": True})
    got, answer = await resume(await connect(), ["jobs:7"], of_one)
    assert answer["recovered"] == {"jobs:7": False}
    assert [message.get("reason") for message in got if message["type"] == "reset"] == ["window_exceeded"]


def one(offset: int, *, apart: bool = False) -> Published:
    """Return a publication."""
    return Published(offset, offset, "everyone", "7", None, "x" * 10, None, None, apart)


def test_a_window_bounds_details_apart() -> None:
    """Details beyond the bound go; what else came meanwhile stays, and each kind knows from where it is whole."""
    window = Window(count=3, size=1_000)
    window.append(one(1))
    for offset in range(2, 20):
        window.append(one(offset, apart=True))
    window.append(one(20))
    assert window.covers(0, details=False)
    assert not window.covers(0)
    assert window.covers(16)
    assert [item.offset for item in window.since(0, details=False)] == [1, 20]
    assert [item.offset for item in window.since(16)] == [17, 18, 19, 20]
    window.clear()
    assert (len(window), window.covers(0, details=False)) == (0, False)


@pytest.mark.django_db(transaction=True)
def test_details_are_read_back_apart() -> None:
    """Each kind is read within its own bounds, and tells how far back it has no hole."""
    history.ensure(["jobs"])
    publish(state(1), *(detail(n) for n in range(2, 8)), state(8))
    outbox.relay("jobs")
    shared = history.older("jobs", 9, detail=False, count=5, size=10_000)
    details = history.older("jobs", 9, detail=True, count=3, size=10_000)
    assert ([item.offset for item in shared.items], shared.after) == ([8, 1], 0)
    assert ([item.offset for item in details.items], details.after) == ([7, 6, 5], 4)
    window = Window(count=5, size=10_000)
    window.extend_back_by(shared, detail=False)
    window.extend_back_by(details, detail=True)
    assert [item.offset for item in window.since(0, details=False)] == [1, 8]
    assert (window.covers(4), window.covers(3), window.covers(0, details=False)) == (True, False, True)


@pytest.mark.django_db(transaction=True)
def test_details_are_pruned_apart() -> None:
    """Details beyond their number or age go, the oldest first, and everything else stays."""
    history.ensure(["jobs"])
    publish(state(1), *(detail(n) for n in range(2, 8)), state(8))
    outbox.relay("jobs")
    assert retention.prune_details("jobs", count=2, age=3_600) == 4
    left = Publication.objects.filter(stream="jobs").order_by("offset").values_list("offset", flat=True)
    assert list(left) == [1, 6, 7, 8]
    assert history.older("jobs", 9, detail=True, count=10, size=10_000).after == 5
    with pytest.raises(UnrecoverablePosition):
        history.since("jobs", 2)
    assert [one.offset for one in history.since("jobs", 5)] == [6, 7, 8]
    assert retention.prune_details("jobs", count=10, age=0) == 2
    assert list(left.all()) == [1, 8]
    known = history.older("jobs", 9, detail=True, count=10, size=10_000)
    assert (known.items, known.after) == ([], 7)  # None is left, and from there on none was ever.


def test_other_nodes_are_told_of_details() -> None:
    """The channel layer carries which are details; what an older node sends has none."""
    items = [one(1), one(2, apart=True)]
    _, message = publications("jobs", items, origin="here")
    assert published(message) == items
    del message["details"]
    assert [item.detail for item in published(message)] == [False, False]
