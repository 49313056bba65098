"""Tests of the names that existing integrations import: broadcasts and personal messages, from wherever."""

import uuid
from datetime import UTC, datetime

from django.contrib.auth.models import User

from realtime.websocket_service import websocket_manager
from tests.realtime.conftest import Connect, in_thread


async def test_a_broadcast_reaches_every_connection(connect: Connect, other: User) -> None:
    """Without a topic everyone gets it, subscribed or not."""
    clients = [await connect(), await connect(who=other, v1=False)]
    await websocket_manager.broadcast({"type": "maintenance", "minutes": 5})
    for client in clients:
        assert await client.receive() == {"type": "maintenance", "minutes": 5}


async def test_a_broadcast_to_a_topic_reaches_its_subscribers(connect: Connect) -> None:
    """Those of the topic and those of `all`, each once, and nobody else."""
    jobs, everything, both, inventory = [await connect() for _ in range(4)]
    await jobs.subscribe("jobs")
    await everything.subscribe("all")
    await both.subscribe("all", "jobs")
    await inventory.subscribe("inventory")
    await websocket_manager.broadcast({"type": "progress"}, topic="jobs")
    for client in (jobs, everything, both):
        assert await client.quiet() == [{"type": "progress"}]
    assert await inventory.quiet() == []


async def test_a_personal_message_reaches_one_client(connect: Connect) -> None:
    """It goes by the client's id."""
    one, another = await connect(), await connect()
    await websocket_manager.send_personal_message(one.hello["client_id"], {"type": "hint"})
    assert await one.receive() == {"type": "hint"}
    assert await another.quiet() == []


async def test_an_unknown_client_is_no_error(connect: Connect) -> None:
    """Who has left meanwhile hears nothing, and nobody is told."""
    client = await connect()
    await websocket_manager.send_personal_message(str(uuid.uuid4()), {"type": "hint"})
    await in_thread(websocket_manager.send_personal_message_sync, "nobody", {"type": "hint"})
    assert await client.quiet() == []


async def test_the_sync_twins_work_from_a_thread(connect: Connect) -> None:
    """Code that is not async does the same, from a thread of its own."""
    client = await connect()
    await client.subscribe("jobs")
    await in_thread(websocket_manager.broadcast_sync, {"type": "a"})
    await in_thread(websocket_manager.broadcast_sync, {"type": "b"}, "jobs")
    await in_thread(websocket_manager.send_personal_message_sync, client.hello["client_id"], {"type": "c"})
    assert [(await client.receive())["type"] for _ in range(3)] == ["a", "b", "c"]


async def test_the_sync_twins_work_inside_a_loop(connect: Connect) -> None:
    """A sync function that an async one calls may broadcast too."""
    client = await connect()
    websocket_manager.broadcast_sync({"type": "a"})
    websocket_manager.send_personal_message_sync(client.hello["client_id"], {"type": "b"})
    assert [(await client.receive())["type"] for _ in range(2)] == ["a", "b"]


async def test_values_of_django_go_out_as_the_api_writes_them(connect: Connect) -> None:
    """Times and UUIDs need no conversion by the caller, and other alphabets arrive."""
    client = await connect()
    number = uuid.uuid4()
    await websocket_manager.broadcast({"type": "x", "at": datetime(2026, 1, 2, tzinfo=UTC), "id": number, "t": "ü😀"})
    assert await client.receive() == {"type": "x", "at": "2026-01-02T00:00:00Z", "id": str(number), "t": "ü😀"}


async def test_without_a_server_nothing_happens() -> None:
    """Whoever broadcasts where nobody is connected need not know, also inside a loop."""
    await websocket_manager.broadcast({"type": "a"})
    await websocket_manager.send_personal_message("nobody", {"type": "a"})
    websocket_manager.broadcast_sync({"type": "a"})
    websocket_manager.send_personal_message_sync("nobody", {"type": "a"})
    assert websocket_manager.connection_count == 0
