"""Tests of a connection's life, at both edges: greeting, mistakes, limits, and ends."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from realtime import node, sink
from realtime.websocket_service import websocket_manager
from tests.realtime.clients import SocketWire
from tests.realtime.conftest import Connect, announce, item, numbers
from tests.support.waiting import wait_until


async def test_greets_with_connection_and_then_initial_state(connect: Connect) -> None:
    """A client learns its id first and its state second, and is then left alone until it subscribes."""
    client = await connect()
    assert client.hello["type"] == "connection"
    assert client.initial["type"] == "initial_state"
    await announce(item(1))
    assert await client.quiet() == []


async def test_answers_at_both_paths(connect: Connect) -> None:
    """`/ws/` is the same as `/ws`, since older clients use it."""
    assert (await connect(path="/ws/")).hello["status"] == "connected"


async def test_times_are_utc_with_z(connect: Connect) -> None:
    """`timestamp` says its time zone; the original sent a naive time."""
    client = await connect()
    await client.send({"type": "ping"})
    for message in (client.hello, await client.receive()):
        assert message["timestamp"].endswith("Z")


MISTAKES = [
    "not JSON",
    "[]",
    "null",
    "{}",
    '{"type":7}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","topics":null}',
    '{"type":"subscribe","topics":"notifications"}',
    '{"type":"subscribe","topics":[]}',
    '{"type":"subscribe","topics":[1]}',
    '{"type":"subscribe","topics":["nothing"]}',
    '{"type":"subscribe","topics":["inventory:"]}',
    '{"type":"subscribe","topics":["notifications:7"]}',
    '{"type":"subscribe","topics":["inventory"],"since":7}',
    '{"type":"unsubscribe","topics":null}',
    json.dumps({"type": "subscribe", "topics": [f"jobs:{n}" for n in range(10_000)]}),
    "[" * 5_000,
    "1" * 5_000,
    b"\x00\xff",
]


async def test_mistakes_are_answered_and_the_connection_lives(connect: Connect) -> None:
    """Each malformed message gets one `error` that says what was wrong, and the next ping its pong."""
    client = await connect()
    for mistake in MISTAKES:
        await client.send(mistake)
        [answer] = await client.quiet()
        assert answer["type"] == "error", mistake[:80]
        assert answer["message"], mistake[:80]
        assert answer["temporary"] is False, mistake[:80]


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"subscribe","topics":["inventory"],"id":"\\ud800"}',
        '{"type":"subscribe","topics":["jobs:\\ud800"]}',
        '{"type":"unsubscribe","topics":["\\ud800"]}',
        '{"type":"subscribe","topics":["\\udfff"]}',
        '{"type":"\\ud800"}',
    ],
)
async def test_half_a_surrogate_pair_does_no_harm(connect: Connect, message: str) -> None:
    """JSON can spell characters that no frame can carry; what they stand in is refused or left unanswered."""
    client = await connect()
    await client.send(message)
    assert [answer["type"] for answer in await client.quiet()] in (["error"], [])


async def test_unknown_types_are_ignored(connect: Connect) -> None:
    """A newer client may say what this server does not know."""
    client = await connect()
    assert await client.ask({"type": "typing", "topics": None}) == []


async def test_an_error_carries_the_request_id(connect: Connect) -> None:
    """A client can tell which of its requests failed."""
    client = await connect()
    [answer] = await client.ask({"type": "subscribe", "topics": ["nothing"], "id": "a7"})
    assert (answer["code"], answer["id"]) == ("unknown_topic", "a7")


async def test_unknown_topics_do_not_spoil_the_known(connect: Connect) -> None:
    """Of a list with one unknown name the rest is subscribed."""
    client = await connect()
    error, answer = await client.ask({"type": "subscribe", "topics": ["nothing", "inventory"], "id": 3})
    assert (error["code"], error["id"]) == ("unknown_topic", 3)
    assert (answer["topics"], answer["id"]) == (["inventory"], 3)


async def test_repeated_abuse_ends_the_connection(connect: Connect) -> None:
    """Whoever sends nothing but nonsense is told so and closed with 1008."""
    client = await connect()
    for _ in range(60):
        await client.send("nonsense")
    last, code = await client.end()
    assert (last["type"], last["reason"], last["reconnect"], code) == ("disconnect", "Rate limit", False, 1008)


async def test_an_oversized_message_closes_1009(connect: Connect, settings: Settings) -> None:
    """What is longer than the limit is not read."""
    client = await connect()
    await client.send("x" * (settings.WEBSOCKET_MAX_FRAME + 1))
    assert (await client.end())[1] == 1009


async def test_pings_are_answered_at_the_limit(connect: Connect, settings: Settings) -> None:
    """A message of exactly the permitted length is fine."""
    client = await connect()
    message = json.dumps({"type": "ping", "pad": ""})
    padded = json.dumps({"type": "ping", "pad": "x" * (settings.WEBSOCKET_MAX_FRAME - len(message))})
    await client.send(padded)
    assert (await client.receive())["type"] == "pong"


async def test_an_idle_client_is_closed_with_1000(connect: Connect, settings: Settings) -> None:
    """A legacy client that says nothing for the time-out is closed, with a message that tells it to come back."""
    settings.WEBSOCKET_TIMEOUT = 0.2
    last, code = await (await connect(v1=False)).end()
    assert (last["type"], last["code"], last["reconnect"], code) == ("disconnect", 1000, True, 1000)


async def test_a_lively_client_is_closed_at_the_age_limit(connect: Connect, settings: Settings) -> None:
    """Pings keep nobody connected for longer than the limit."""
    settings.WEBSOCKET_TIMEOUT = 0.4
    client = await connect()
    await client.send({"type": "ping"})
    assert (await client.end())[1] == 1000


async def test_a_silent_v1_client_counts_as_dead(connect: Connect, settings: Settings) -> None:
    """A v1 client is pinged, and closed when it answers none of the pings."""
    settings.WEBSOCKET_PING_INTERVAL = 0.5
    client = await connect()
    messages: list[dict[str, Any]] = await client.until(lambda message: message["type"] == "disconnect")
    assert "ping" in {message["type"] for message in messages}
    assert messages[-1]["reason"] == "No answer to pings"


async def test_a_legacy_client_is_not_pinged(connect: Connect, settings: Settings) -> None:
    """The server's ping is v1's own; older clients would not know it."""
    settings.WEBSOCKET_PING_INTERVAL = 0.5
    legacy, modern = await connect(v1=False), await connect()
    await modern.until(lambda message: message["type"] == "ping")
    assert await legacy.quiet() == []


async def test_counts_its_connections_and_forgets_those_that_left(connect: Connect) -> None:
    """The connection count follows who is there."""
    first, second = await connect(), await connect()
    assert websocket_manager.connection_count == 2
    await first.wire.close()
    await wait_until(lambda: websocket_manager.connection_count == 1)
    await second.wire.close()
    await wait_until(lambda: websocket_manager.connection_count == 0)


async def test_one_client_that_leaves_does_not_disturb_another(connect: Connect) -> None:
    """Streams and groups stay while anybody needs them."""
    leaving, staying = await connect(), await connect()
    await leaving.subscribe("inventory")
    await staying.subscribe("inventory")
    await leaving.wire.close()
    await wait_until(lambda: websocket_manager.connection_count == 1)
    await announce(item(1))
    assert numbers([await staying.receive()]) == [1]


async def test_a_draining_node_sends_newcomers_away(connect: Connect, dial: Connect) -> None:
    """While a server ends, whoever comes is told to come back later."""
    await connect()
    (await node.running()).draining = True
    last, code = await (await dial()).end()
    assert (last["code"], last["reconnect"], code) == (1012, True, 1012)
    assert last["retry_after_ms"] > 0


@pytest.mark.parametrize("edge", ["uvicorn"], indirect=True)
async def test_a_client_that_does_not_read_is_let_go_and_holds_up_nobody(
    connect: Connect, settings: Settings, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stalled client is closed and forgotten, though it takes not even its close; another gets everything."""
    settings.WEBSOCKET_SEND_BUFFER = 100_000
    monkeypatch.setattr(sink, "CLOSE_PATIENCE", 0.2)
    slow, quick = await connect(), await connect(who=other)
    assert isinstance(slow.wire, SocketWire)
    slow.wire.socket.transport.pause_reading()
    for number in range(40):  # More than the kernel's buffers of both ends hold.
        await websocket_manager.broadcast({"type": "x", "n": number, "pad": "x" * 500_000})
        assert (await quick.receive())["n"] == number
    await wait_until(lambda: websocket_manager.connection_count == 1, what="the slow client to be forgotten")
    slow.wire.socket.transport.abort()
