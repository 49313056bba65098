"""Tests of who is connected now: what a node answers, who is waited for, and ending a connection by hand."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from realtime import asking, node, upkeep
from realtime.models import Lease
from realtime.roll_call import MOST
from tests.realtime.clients import Closed
from tests.realtime.conftest import Connect, in_thread
from tests.support.waiting import wait_until


async def leased() -> None:
    """Wait until this process's node has said that it is there."""
    here = await node.running()

    async def is_there() -> bool:
        return await in_thread(Lease.objects.filter(name=f"node:{here.id}").exists)

    deadline = here.loop.time() + 20
    while not await is_there():
        assert here.loop.time() < deadline, "The node took no lease."


async def test_each_connection_is_told_of(connect: Connect, user: User, other: User) -> None:
    """Who, by what, which topics and on which node; and nothing of what they are sent."""
    anna, ben = await connect(), await connect(who=other, v1=False)
    await anna.subscribe("jobs", "inventory")
    [answer] = await in_thread(asking.call)
    assert (answer.answered, answer.total, answer.found) == (True, 2, 2)
    present = {one.client_id: one for one in answer.present}
    mine, theirs = present[anna.hello["client_id"]], present[ben.hello["client_id"]]
    assert (mine.user, mine.user_id, mine.topics, mine.dialect) == ("anna", str(user.pk), ["inventory", "jobs"], "v1")
    assert (theirs.user, theirs.topics, theirs.dialect, theirs.transport) == ("ben", [], "legacy", "websocket")
    assert 0 <= mine.age < 60


@pytest.mark.parametrize(("search", "names"), [("ANN", ["anna"]), ("jobs", ["ben"]), ("nobody", [])])
async def test_a_search_narrows_it(connect: Connect, other: User, search: str, names: list[str]) -> None:
    """By user and by topic; all of them are counted all the same."""
    await connect()
    ben = await connect(who=other)
    await ben.subscribe("jobs")
    [answer] = await in_thread(asking.call, search)
    assert [one.user for one in answer.present] == names
    assert (answer.total, answer.found) == (2, len(names))


async def test_one_is_ended_by_its_id(connect: Connect, other: User) -> None:
    """It gets 4101 and is told not to come back by itself; the other one stays, and an id that is gone is no error."""
    anna, ben = await connect(), await connect(who=other)
    ended = await in_thread(asking.end, [ben.hello["client_id"], "gone"])
    assert [(one.client_id, one.user) for one in ended] == [(ben.hello["client_id"], "ben")]
    message = await ben.receive()
    assert (message["type"], message["code"], message["reconnect"]) == ("disconnect", 4101, False)
    with pytest.raises(Closed, match="4101"):
        await ben.receive()
    await anna.subscribe("jobs")
    assert (await in_thread(asking.end, [ben.hello["client_id"]])) == []


async def test_a_node_that_does_not_answer_is_named(connect: Connect) -> None:
    """Whoever holds a lease is waited for; one whose lease ran out is not."""
    await connect()
    await leased()
    await in_thread(upkeep.take_lease, "node:frozen", "elsewhere:7", 60.0)
    await in_thread(upkeep.take_lease, "node:crashed", "elsewhere:8", -1.0)
    answers = await in_thread(lambda: asking.call(patience=0.3))
    assert [(one.name, one.answered) for one in answers][1:] == [("elsewhere:7", False)]
    assert answers[0].answered


async def test_a_node_gives_its_lease_back(connect: Connect) -> None:
    """Nobody waits for a node that ended."""
    await connect()
    await leased()
    await node.stop()
    assert await in_thread(lambda: list(Lease.objects.filter(name__startswith="node:"))) == []


async def test_leases_of_long_ago_are_pruned(transactional_db: None) -> None:
    """A node that crashed leaves a row for a day and no longer."""
    now = timezone.now()
    for name, age in (("old", timedelta(days=2)), ("young", timedelta(hours=2))):
        await Lease.objects.acreate(name=f"node:{name}", holder="h", expires_at=now - age)
    await in_thread(upkeep.prune_leases)
    assert [lease.name async for lease in Lease.objects.all()] == ["node:young"]


async def test_no_node_answers_where_there_is_none(transactional_db: None) -> None:
    """A command beside no server gets an empty answer and no error."""
    assert await in_thread(lambda: asking.call(patience=0.2)) == []


async def test_the_newest_are_told_of_where_there_are_many(connect: Connect, user: User) -> None:
    """A node tells of so many at most, and counts all of them."""
    anna = await connect()
    here = await node.running()
    [held] = [one for one in here.hub.connections.values() if one.client_id == anna.hello["client_id"]]
    for number in range(MOST + 10):
        here.hub.connections[f"copy{number}"] = held
    try:
        [answer] = await in_thread(asking.call)
        assert (answer.total, len(answer.present)) == (MOST + 11, MOST)
    finally:
        for number in range(MOST + 10):
            del here.hub.connections[f"copy{number}"]
    await wait_until(lambda: len(here.hub.connections) == 1, what="the copies to be gone")
