"""Tests of connections that come back with their positions and take no initial state."""

from tests.realtime.clients import over_communicator
from tests.realtime.conftest import HOST, Connect, announce, application, in_thread, item, numbers, session_of

RETURNING = "/ws?state=none"


async def test_a_returning_client_gets_what_it_missed_and_no_state(
    dial: Connect, connect: Connect, user: object
) -> None:
    """It is greeted by `connection` alone, which says so, and goes on from its position."""
    first = await connect()
    since = (await first.subscribe("inventory"))["positions"]
    await first.wire.close()
    await announce(item(1))
    session = await in_thread(session_of, user)
    client = await dial(session=session, origin=f"http://{HOST}", path=RETURNING)
    hello = await client.receive()
    assert (hello["type"], hello["initial_state"]) == ("connection", False)
    got = await client.ask({"type": "subscribe", "topics": ["inventory"], "since": since})
    assert numbers(got) == [1]
    assert got[-1]["recovered"] == {"inventory": True}


async def test_a_position_that_is_lost_brings_the_snapshot_instead(dial: Connect, user: object) -> None:
    """Without an initial state a reset still comes with the state."""
    session = await in_thread(session_of, user)
    client = await dial(session=session, origin=f"http://{HOST}", path=RETURNING)
    await client.receive()
    since = {"notifications": {"offset": 5, "epoch": "another"}}
    got = await client.ask({"type": "subscribe", "topics": ["notifications"], "since": since})
    assert [message["type"] for message in got] == ["reset", "snapshot", "subscription"]
    assert got[1]["data"]["unread_count"] == 0


async def test_an_older_client_always_gets_its_state(live: None, user: object) -> None:
    """The shape of the greeting is frozen for whoever does not speak v1, whatever the query says."""
    session = await in_thread(session_of, user)
    headers = [("host", HOST), ("origin", f"http://{HOST}"), ("cookie", f"sessionid={session}")]
    client = await over_communicator(application(), v1=False, headers=headers, path=RETURNING)
    await client.greeting()
    assert "initial_state" not in client.hello
    assert client.initial["type"] == "initial_state"
    await client.wire.close()
