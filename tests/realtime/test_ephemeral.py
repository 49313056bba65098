"""Ephemeral topics: nothing is stored or numbered, and each publication reaches who is there at most once."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from realtime import audience, history, outbox, topics
from realtime.models import Publication
from realtime.outbox import Draft
from tests.realtime.conftest import Connect, in_thread


class Presence(topics.Topic):
    """Who looks at what, which is of no interest a moment later."""

    name = "presence"
    keyed = True
    ephemeral = True


@pytest.fixture(autouse=True)
def presence(transactional_db: None) -> Iterator[None]:
    """Have the topic for the length of a test."""
    topics.register(Presence())
    history.ensure(["presence"])
    yield
    topics.unregister("presence")


def publish(*drafts: Draft) -> None:
    with transaction.atomic():
        outbox.publish_many(drafts)


async def test_it_reaches_who_is_there_in_its_audience(connect: Connect, user: User) -> None:
    """Audience and key hold as for any topic; the message has no offset, and nothing was stored."""
    client = await connect()
    answer = await client.subscribe("presence:7")
    assert answer["positions"] == {}
    await in_thread(
        lambda: publish(
            Draft("presence", {"type": "presence", "n": 1}, key="8"),
            Draft("presence", {"type": "presence", "n": 2}, key="7", audience=audience.for_user(0)),
            Draft("presence", {"type": "presence", "n": 3}, key="7"),
            Draft("presence", {"type": "presence", "n": 4}, key="7", audience=audience.for_user(user.pk)),
        )
    )
    got = await client.quiet()
    while not got:
        got = await client.quiet()
    messages = [one for message in got for one in message.get("messages", [message])]
    assert messages == [{"type": "presence", "n": 3}, {"type": "presence", "n": 4}]
    assert await in_thread(Publication.objects.filter(stream="presence").count) == 0


async def test_a_rollback_passes_nothing_on(connect: Connect) -> None:
    """Like any publication it belongs to its transaction."""
    client = await connect()
    await client.subscribe("presence")

    def roll_back() -> None:
        with transaction.atomic():
            outbox.publish(Draft("presence", {"type": "presence", "n": 1}))
            transaction.set_rollback(True)

    await in_thread(roll_back)
    await in_thread(lambda: publish(Draft("presence", {"type": "presence", "n": 2})))
    assert (await client.receive())["n"] == 2


async def test_it_cannot_be_resumed(connect: Connect) -> None:
    """A position is answered with the truth: nothing was recovered."""
    client = await connect()
    answer = await client.subscribe("presence", since={"presence": {"offset": 0, "epoch": "any"}})
    assert answer["recovered"] == {"presence": False}
