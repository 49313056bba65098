"""Nothing on the wire gives another user's existence away: what is hidden looks like what is not there.

Cursors and positions are good for one user, as they were given.
"""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import cursor
from realtime.audience import for_user
from realtime.outbox import Draft
from realtime.protocol import Position
from realtime.topics import registered
from tests.authorization.conftest import World
from tests.authorization.endpoints import told
from tests.authorization.people import LET_IN, entitled, marks
from tests.realtime.conftest import in_thread, publish

HELD = {"jobs": Position(3, "e")}
CURSOR = cursor.write(1, HELD)


def without(key: str, message: dict[str, Any]) -> str:
    """Return *message* as text, without the *key* that was asked for."""
    return json.dumps(message).replace(f":{key}", ":…")


def publish_for(topic: str, name: str, key: str) -> None:
    """Publish something about the object *key* for the user called *name* alone."""
    body = {"type": "test", "action": "updated", "data": {"mark": f"<<user {name}>>"}}
    publish(Draft(topic, body, audience=for_user(User.objects.get(username=name).pk), key=key))


@pytest.mark.parametrize("person", LET_IN)
async def test_an_object_of_others_looks_like_none(world: World, topic: str, person: str) -> None:
    """To subscribe to an object that only others are told of is answered as for an object that is not there."""
    if not registered()[topic].keyed:
        return
    owner = "outsider" if person != "outsider" else "Reader"
    told = await (await world.socket(owner)).greeting()
    await told.subscribe(topic)
    await in_thread(publish_for, topic, owner, "theirs")
    await told.until(lambda message: f"<<user {owner}>>" in json.dumps(message))
    answers = []
    for key in ("theirs", "nobodys"):
        client = await (await world.socket(person)).greeting()
        await client.send({"type": "subscribe", "topics": [f"{topic}:{key}"], "id": 1})
        answers.append(without(key, await client.receive()))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("path", ["/api/v1/changes", "/api/v1/stream"])
async def test_another_users_cursor_is_one_that_cannot_be_read(world: World, path: str) -> None:
    """Another user's cursor gets the very answer of one that is made up: a reset and one's own state."""
    outsider, reader = await world.browser("outsider"), await world.browser("Reader")
    query = {"topics": "notifications", "wait": 0}
    others = (await outsider.get("/api/v1/changes", params=query)).json()["cursor"]
    told = []
    for since in (others, "made-up", others[:-1], others[:20]):
        headers = {"Last-Event-ID": since} if path.endswith("stream") else {}
        async with reader.stream("GET", path, params={**query, "since": since}, headers=headers) as answer:
            text = ""
            async for part in answer.aiter_text():
                text += part
                if '"status":"subscribed"' in text or "cursor" in text:
                    break
        assert answer.status_code == 200
        assert marks(text) == entitled("Reader")
        assert '"type":"reset"' in text
        told.append(re.findall(r'"reason":"(\w+)"', text))
    assert all(one == told[0] for one in told)


async def test_a_page_cursor_is_good_for_one_user(world: World) -> None:
    """`next` of another user's list is refused as one that is made up."""
    outsider, reader = await world.browser("outsider"), await world.browser("Reader")
    others = (await outsider.get("/api/v1/notifications?limit=1")).json()["next"]
    answers = [await reader.get("/api/v1/notifications", params={"cursor": value}) for value in (others, "made-up")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert told(answers[0].text) == told(answers[1].text)
    own = (await reader.get("/api/v1/notifications?limit=1")).json()["next"]
    assert (await reader.get("/api/v1/notifications", params={"cursor": own})).status_code == 200


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, len(CURSOR) - 1), st.characters(codec="utf-8"))
def test_a_cursor_with_one_other_character_is_none(at: int, character: str) -> None:
    """A cursor that was changed at any place is read as none at all, or as the same where nothing was changed."""
    forged = CURSOR[:at] + character + CURSOR[at + 1 :]
    found = cursor.read(1, forged)
    assert found == (HELD if forged == CURSOR else None)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, len(CURSOR) - 1) | st.text())
def test_a_cursor_that_is_torn_or_made_up_is_none(cut: int | str) -> None:
    """A part of a cursor, and any other text, is read as none, and nothing else happens."""
    assert cursor.read(1, CURSOR[:cut] if isinstance(cut, int) else cut) is None


def test_a_cursor_is_good_for_its_user_alone() -> None:
    """The user that a cursor was made for is part of what is signed."""
    assert cursor.read(1, CURSOR) == HELD
    assert cursor.read(2, CURSOR) is None
