"""Tests of subscriptions at both edges: nothing is lost, nothing comes twice, and nobody gets what is not theirs."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from pytest_django.fixtures import Settings

from notifications import actions
from notifications.models import Notification
from realtime import audience, history, node, outbox, topics
from realtime.outbox import Draft
from realtime.relayer import Relayer
from tests.realtime.conftest import Connect, announce, in_thread, item, numbers
from tests.support.waiting import wait_until


def titles(messages: list[dict[str, Any]]) -> list[str]:
    """Return the titles of the notifications that *messages* push."""
    flat = [one for message in messages for one in message.get("messages", [message])]
    return [one["data"]["title"] for one in flat if one["type"] == "notification"]


@pytest.fixture
def held_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Relayer]]:
    """Keep relayers from numbering until the test says so, as a busy database does."""
    woken: list[Relayer] = []
    with monkeypatch.context() as patch:
        patch.setattr(Relayer, "wake", woken.append)
        yield woken


async def number(stream: str) -> None:
    """Number what is pending on *stream*, as another process's relayer does; nobody is told."""
    await in_thread(outbox.relay, stream)


async def notify(title: str) -> Notification:
    """Create a notification for everyone."""
    return await in_thread(lambda: actions.create(title=title, message="…"))


async def test_a_subscriber_gets_what_is_published(connect: Connect) -> None:
    """Messages carry their topic and their offset, and come in order."""
    client = await connect()
    answer = await client.subscribe("inventory")
    assert answer["positions"]["inventory"]["offset"] == 0
    for n in (1, 2):
        await announce(item(n))
        message = await client.receive()
        assert (message["topic"], message["offset"], message["data"]) == ("inventory", n, {"n": n})


async def test_nobody_gets_what_they_did_not_subscribe_to(connect: Connect) -> None:
    """Topics are apart."""
    client = await connect()
    await client.subscribe("jobs")
    await announce(item(1), item(2, "jobs"))
    assert numbers([await client.receive()]) == [2]
    assert await client.quiet() == []


async def test_overlapping_topics_deliver_once(connect: Connect) -> None:
    """`all`, `jobs` and `jobs:7` together bring each event once; the original sent job events twice."""
    client = await connect(v1=False)
    for names in (["all"], ["jobs", "jobs:7"], ["all", "jobs:7"], ["jobs:7"]):
        await client.subscribe(*names)
    await announce(item(1, "jobs", key="7"), item(2, "jobs", key="8"))
    await announce(item(3, "jobs", key="7"))
    assert numbers([await client.receive() for _ in range(3)]) == [1, 2, 3]
    assert await client.quiet() == []


async def test_subscribing_twice_delivers_once(connect: Connect) -> None:
    """A repeated subscribe is answered like the first."""
    client = await connect()
    first, second = await client.subscribe("inventory"), await client.subscribe("inventory")
    assert first["positions"] == second["positions"]
    await announce(item(1))
    assert numbers([await client.receive()]) == [1]
    assert await client.quiet() == []


async def test_a_key_filters(connect: Connect) -> None:
    """`jobs:7` is about job 7 alone, also together with `jobs:8`."""
    client = await connect()
    await client.subscribe("jobs:7")
    await announce(item(1, "jobs", key="8"), item(2, "jobs", key="7"))
    assert numbers([await client.receive()]) == [2]
    await client.subscribe("jobs:8")
    await announce(item(3, "jobs", key="9"), item(4, "jobs", key="8"))
    assert numbers([await client.receive()]) == [4]
    await announce(item(5, "jobs", key="7"))
    assert numbers([await client.receive()]) == [5]


async def test_widening_a_filter_delivers_the_rest(connect: Connect) -> None:
    """From `jobs:7` to `jobs` everything comes, and back again only job 7."""
    client = await connect()
    await client.subscribe("jobs:7")
    await client.subscribe("jobs")
    await announce(item(1, "jobs", key="8"))
    assert numbers([await client.receive()]) == [1]
    await client.ask({"type": "unsubscribe", "topics": ["jobs"]})
    await announce(item(2, "jobs", key="8"), item(3, "jobs", key="7"))
    assert numbers([await client.receive()]) == [3]


async def test_unsubscribing_all_keeps_single_topics(connect: Connect) -> None:
    """What was asked for by name stays."""
    client = await connect()
    await client.subscribe("all", "inventory")
    [answer] = await client.ask({"type": "unsubscribe", "topics": ["all"], "id": 9})
    assert (answer["status"], answer["topics"], answer["id"]) == ("unsubscribed", ["all"], 9)
    await announce(item(1, "jobs"), item(2))
    assert numbers([await client.receive()]) == [2]
    assert await client.quiet() == []


async def test_unsubscribing_a_topic_keeps_all(connect: Connect) -> None:
    """Who asked for everything still gets everything."""
    client = await connect()
    await client.subscribe("all", "inventory")
    await client.ask({"type": "unsubscribe", "topics": ["inventory"]})
    await announce(item(1))
    assert numbers([await client.receive()]) == [1]


async def test_what_was_unsubscribed_is_quiet(connect: Connect) -> None:
    """Afterwards nothing of it comes; names that were never subscribed are no error."""
    client = await connect()
    await client.subscribe("inventory")
    await client.ask({"type": "unsubscribe", "topics": ["inventory", "jobs", "nothing"]})
    await announce(item(1))
    await number("inventory")
    assert await client.quiet() == []


async def test_all_answers_with_the_position_of_each_topic(connect: Connect) -> None:
    """`all` is no topic with a position; what it stands for has positions."""
    answer = await (await connect()).subscribe("all")
    assert set(answer["positions"]) == set(topics.registered())
    assert answer["topics"] == ["all"]


async def test_nothing_is_lost_between_initial_state_and_subscribe(connect: Connect) -> None:
    """What is published before the subscribe comes after it, once; the original lost it."""
    client = await connect()
    await notify("before")
    await number("notifications")
    await client.send({"type": "subscribe", "topics": ["notifications"]})
    got = await client.until(lambda message: message["type"] == "subscription")
    await notify("after")
    got += await client.until(lambda message: "after" in titles([message]))
    assert titles(got) == ["before", "after"]
    assert titles(await client.quiet()) == []


async def test_what_is_in_the_initial_state_is_not_pushed_again(connect: Connect) -> None:
    """A client that starts with an item does not get it once more."""
    await notify("old")
    await number("notifications")
    client = await connect()
    assert [one["title"] for one in client.initial["data"]["notifications"]] == ["old"]
    await client.subscribe("notifications")
    assert titles(await client.quiet()) == []


async def test_what_was_pending_in_the_initial_state_is_not_pushed_again(
    connect: Connect, held_back: list[Relayer]
) -> None:
    """The same holds for what was committed and had no offset yet when the state was read."""
    await notify("pending")
    client = await connect()
    assert [one["title"] for one in client.initial["data"]["notifications"]] == ["pending"]
    assert client.initial["data"]["notifications"][0]["offset"] is None
    await client.subscribe("notifications")
    await notify("next")
    await number("notifications")
    await wait_until(lambda: node.here() is not None)
    (await node.running()).fill("notifications")
    got = await client.until(lambda message: "next" in titles([message]))
    assert titles(got) == ["next"]


async def test_what_was_pending_before_the_subscribe_comes_once(connect: Connect, held_back: list[Relayer]) -> None:
    """An item that is committed after the initial state and numbered after the subscribe is delivered once."""
    client = await connect()
    await notify("between")
    await client.subscribe("notifications")
    await number("notifications")
    (await node.running()).fill("notifications")
    assert titles(await client.until(lambda message: message["type"] == "notification")) == ["between"]
    assert titles(await client.quiet()) == []


async def test_only_the_first_subscribe_continues_from_the_initial_state(connect: Connect) -> None:
    """Who leaves and comes back without a position starts at the head."""
    client = await connect()
    await client.subscribe("notifications")
    await client.ask({"type": "unsubscribe", "topics": ["notifications"]})
    await notify("missed")
    await number("notifications")
    await client.subscribe("notifications")
    assert titles(await client.quiet()) == []


async def test_the_initial_state_is_continued_for_a_limited_time(connect: Connect, settings: Settings) -> None:
    """Past the grace time a first subscribe starts at the head too."""
    settings.WEBSOCKET_INITIAL_GRACE = -1
    client = await connect()
    await notify("missed")
    await number("notifications")
    await client.subscribe("notifications")
    assert titles(await client.quiet()) == []


async def test_audiences_are_kept_apart(connect: Connect, user: User, other: User) -> None:
    """One user's publications, and a user group's, reach nobody else, live or replayed."""
    group = await in_thread(user.groups.get)
    anna, ben = await connect(), await connect(who=other)
    start = (await anna.subscribe("inventory"))["positions"]
    bens = (await ben.subscribe("inventory"))["positions"]
    await announce(
        item(1, audience=audience.for_user(user.pk)),
        item(2, audience=audience.for_user(other.pk)),
        item(3, audience=audience.for_group(group.pk)),
        item(4),
    )
    assert numbers([await anna.receive()]) == [1, 3, 4]
    assert numbers([await ben.receive()]) == [2, 4]
    again = await connect(who=other)
    replayed = await again.ask({"type": "subscribe", "topics": ["inventory"], "since": bens})
    assert numbers(replayed) == [2, 4]
    stolen = await (await connect(who=other)).ask({"type": "subscribe", "topics": ["inventory"], "since": start})
    assert numbers(stolen) == []


class Secret(topics.Topic):
    """A topic for staff, with objects that one may be allowed without the whole."""

    name = "secret"
    keyed = True

    def authorize(self, user: Any, key: str) -> bool:
        return user.is_staff or key == "open"


@pytest.fixture
def secret(transactional_db: None) -> Iterator[None]:
    """A topic that ordinary users may not follow."""
    topics.register(Secret())
    history.ensure(["secret"])
    yield
    topics.registered().pop("secret")  # type: ignore[attr-defined]


async def test_a_denied_topic_is_an_error(connect: Connect, secret: None) -> None:
    """Who asks only for what they may not follow is told so, and for which topics."""
    client = await connect()
    [answer] = await client.ask({"type": "subscribe", "topics": ["secret", "secret:7"], "id": 1})
    assert (answer["type"], answer["code"], answer["id"]) == ("error", "forbidden", 1)
    assert answer["message"] == "topics: you may not subscribe to 'secret', 'secret:7'."
    await announce(item(1, "secret", key="open"))
    assert await client.quiet() == []


async def test_a_denied_topic_does_not_spoil_the_others(connect: Connect, secret: None) -> None:
    """The answer names what was denied, and the rest is subscribed; `all` leaves it out."""
    client = await connect()
    answer = await client.subscribe("secret", "secret:open", "inventory", "all", "secret:7")
    assert answer["topics"] == ["secret:open", "inventory", "all"]
    assert answer["denied"] == [
        {"topic": "secret", "code": "forbidden"},
        {"topic": "secret:7", "code": "forbidden"},
    ]
    await announce(item(1, "secret", key="7"), item(2, "secret", key="open"))
    assert numbers([await client.receive()]) == [2]


async def test_staff_gets_it_with_all(connect: Connect, secret: None, user: User) -> None:
    """For whom it is allowed, `all` includes it."""
    user.is_staff = True
    await in_thread(user.save)
    client = await connect()
    await client.subscribe("all")
    await announce(item(1, "secret"))
    assert numbers([await client.receive()]) == [1]


async def test_legacy_clients_get_the_messages_made_for_them(connect: Connect) -> None:
    """One publication may be several older messages; v1 clients get the one."""
    legacy, modern = await connect(v1=False), await connect()
    for client in (legacy, modern):
        await client.subscribe("inventory")
    older = [{"type": "inventory", "action": "updated", "data": {"n": n}} for n in (10, 11)]
    await announce(item(1, legacy=older))
    assert numbers([await legacy.receive(), await legacy.receive()]) == [10, 11]
    assert numbers([await modern.receive()]) == [1]


async def test_a_burst_is_a_batch_for_v1_and_single_messages_for_legacy(connect: Connect) -> None:
    """Bulk changes cost v1 clients one message."""
    legacy, modern = await connect(v1=False), await connect()
    for client in (legacy, modern):
        await client.subscribe("inventory")
    await announce(*(item(n) for n in range(5)))
    batch = await modern.receive()
    assert (batch["type"], numbers([batch])) == ("batch", [0, 1, 2, 3, 4])
    assert [one["offset"] for one in batch["messages"]] == [1, 2, 3, 4, 5]
    assert numbers([await legacy.receive() for _ in range(5)]) == [0, 1, 2, 3, 4]


async def test_mark_all_read_is_one_message(connect: Connect, user: User) -> None:
    """A storm that is read costs a v1 client one message, and nobody a request; other users hear nothing."""
    for n in range(5):
        await notify(f"n{n}")
    await number("notifications")
    modern, legacy = await connect(), await connect(v1=False)
    for client in (modern, legacy):
        await client.subscribe("notifications")
    await in_thread(actions.mark_all_read, user)
    message = await modern.receive()
    assert (message["action"], message["data"], message["unread_count"]) == ("read_through", {"up_to": 5}, 0)
    singles = [await legacy.receive() for _ in range(5)]
    assert {one["action"] for one in singles} == {"updated"}
    assert [one["data"]["read"] for one in singles] == [True] * 5
    assert {one["unread_count"] for one in singles} == {0}


async def test_v1_clients_get_the_absolute_count(connect: Connect) -> None:
    """After a change the server says how many are unread; a storm is counted once."""
    client = await connect()
    await client.subscribe("notifications")
    for n in range(3):
        await notify(f"n{n}")
    got = await client.until(lambda message: message.get("unread_count") == 3)
    assert titles(got) == ["n0", "n1", "n2"]
    assert sum(message["type"] == "unread_count" for message in got) <= 3


async def test_a_rollback_is_never_seen(connect: Connect) -> None:
    """Subscribers hear only of what was committed."""
    client = await connect()
    await client.subscribe("inventory")

    def attempt() -> None:
        with transaction.atomic():
            outbox.publish(Draft("inventory", {"type": "inventory", "data": {"n": 1}}))
            transaction.set_rollback(True)

    await in_thread(attempt)
    await announce(item(2))
    assert numbers([await client.receive()]) == [2]
