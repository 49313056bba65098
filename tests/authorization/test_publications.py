"""A user never receives, on any path, a publication or a row whose audience they are not in.

Every registered topic is walked by everyone on every way. A new topic is among them by itself.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.base_user import AbstractBaseUser

from realtime import topics
from realtime.topics import Topic, registered
from tests.authorization.conftest import World
from tests.authorization.endpoints import told
from tests.authorization.people import ANONYMOUS, LET_IN, LOCKED_OUT, entitled, marks
from tests.authorization.ways import REPLAYS, WAYS, walk


def judge(topic: str, came: dict[str, str | None]) -> None:
    """Compare what each was sent with what they are entitled to. Raises: AssertionError."""
    for person, said in came.items():
        got = marks(said or "")
        foreign = got - entitled(person)
        assert not foreign, f"{person} was sent what is not for them, on {topic!r}: {sorted(foreign)}"
        if said is not None and type(registered()[topic]).audiences is Topic.audiences:
            assert got == entitled(person), f"{person} was not sent all of {topic!r} that is for them."


@pytest.mark.parametrize("way", WAYS)
async def test_everyone_gets_what_is_for_them_and_nothing_else(world: World, topic: str, way: str) -> None:
    """Whoever follows a topic gets what is for everyone, for their user groups and for themselves, and no more."""
    if way == "one object" and not registered()[topic].keyed:
        client = await (await world.socket("Reader")).greeting()
        await client.send({"type": "subscribe", "topics": [f"{topic}:7"]})
        assert (await client.receive())["code"] == "unknown_topic"
        return
    if way in REPLAYS and registered()[topic].ephemeral:
        way = "subscribe, v1"  # What passes is never repeated.
    judge(topic, await walk(world, topic, WAYS[way]))


@pytest.mark.parametrize("person", LOCKED_OUT)
async def test_who_may_not_connect_gets_nothing(world: World, topic: str, person: str) -> None:
    """Whoever is not logged in, or is deactivated, is told nothing on any path: not even that a topic exists."""
    client = await world.socket(person)
    if person == ANONYMOUS:  # Whose socket stays open for a moment, for an `auth`.
        await client.send({"type": "subscribe", "topics": [topic]})
    first = await client.receive()
    assert (first["type"], first["code"]) in {("error", "unauthorized"), ("disconnect", 1008)}
    browser = await world.browser(person)
    for path in ("/api/v1/changes", "/api/v1/stream"):
        known, unknown = [await browser.get(path, params={"topics": name, "wait": 0}) for name in (topic, "nope")]
        assert known.status_code == unknown.status_code == 401
        assert told(known.text) == told(unknown.text)


class Ledger(Topic):
    """A topic that is registered by a test, as any app may register one."""

    name = "ledger"
    keyed = True


class Leaky(Ledger):
    """The same, but written by somebody who forgot about audiences."""

    def make_rows(self) -> None:
        """Nothing: its snapshot is made up."""

    def snapshot(self, user: AbstractBaseUser, key: str) -> dict[str, Any]:
        """Return what is for others."""
        return {"entries": ["<<user outsider>>"]}


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Iterator[str]:
    """Register a topic for a test."""
    topics.register(request.param())
    yield "ledger"
    topics.unregister("ledger")


@pytest.mark.parametrize("ledger", [Ledger], indirect=True)
@pytest.mark.parametrize("way", WAYS)
async def test_a_topic_registered_by_anyone_is_walked_alike(ledger: str, world: World, way: str) -> None:
    """A topic needs no word in these tests to be walked by everyone on every way."""
    judge(ledger, await walk(world, ledger, WAYS[way]))


@pytest.mark.parametrize("ledger", [Leaky], indirect=True)
@pytest.mark.parametrize("way", ["snapshot", "event stream", "long poll", "replay in another's epoch"])
async def test_a_leak_is_noticed(ledger: str, world: World, way: str) -> None:
    """A snapshot that shows what is for others is found on each way that carries it."""
    came = await walk(world, ledger, WAYS[way])
    with pytest.raises(AssertionError, match="was sent what is not for them"):
        judge(ledger, came)


@pytest.mark.parametrize("person", LET_IN)
async def test_the_initial_state_is_the_persons_own(world: World, person: str) -> None:
    """What a connection is told first is what this person may see, all of it."""
    client = await (await world.socket(person)).greeting()
    assert marks(json.dumps(client.initial)) == entitled(person)
