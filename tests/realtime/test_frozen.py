"""The frozen shapes of the wire, and what older integrations do with them, against a real connection.

frozen.json has an example of each. Keys may be added to what the server sends, never changed or removed.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications import actions
from realtime.outbox import Draft
from realtime.websocket_service import websocket_manager
from tests.realtime.conftest import Connect, announce, in_thread

FROZEN = json.loads((Path(__file__).parent / "frozen.json").read_text())
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OPTIONAL = {"related_entity": (str, type(None))}
FIXED = {"type", "action", "status"}


def differences(example: Any, real: Any, where: str = "$") -> list[str]:
    """Return where *real* lacks a key of *example*, or has another type or another form of text."""
    if isinstance(example, dict):
        if not isinstance(real, dict):
            return [f"{where} is no object"]
        missing = [f"{where}.{key} is missing" for key in example if key not in real]
        return missing + [
            problem
            for key in example.keys() & real.keys()
            for problem in _field(key, example[key], real[key], f"{where}.{key}")
        ]
    if isinstance(example, list):
        same = isinstance(real, list) and all(type(one) is type(example[0]) for one in real if example)
        return [] if same else [f"{where} is no such list"]
    if isinstance(example, str) and isinstance(real, str):
        forms = [form for form in (TIME, UUID) if form.fullmatch(example)]
        return [f"{where} has another form: {real}" for form in forms if not form.fullmatch(real)]
    return [] if type(example) is type(real) else [f"{where} is {real!r}"]


def _field(key: str, example: Any, real: Any, where: str) -> list[str]:
    if key in OPTIONAL:
        return [] if isinstance(real, OPTIONAL[key]) else [f"{where} is {real!r}"]
    if key in FIXED and example != real:
        return [f"{where} is {real!r} and not {example!r}"]
    return differences(example, real, where)


def hold(name: str, real: dict[str, Any]) -> None:
    """Compare *real* with the example called *name*."""
    assert differences(FROZEN["server"][name], real) == []


@pytest.mark.parametrize("v1", [False, True], ids=["legacy", "v1"])
async def test_every_frozen_message_keeps_its_shape(connect: Connect, user: User, v1: bool) -> None:
    """One conversation brings every message that the server has frozen; those of the client are sent as they are."""
    client = await connect(v1=v1)
    hold("connection", client.hello)
    hold("initial_state", client.initial)
    await client.send(FROZEN["client"]["subscribe"])
    hold("subscribed", await client.receive())
    note = await in_thread(lambda: actions.create(title="t", message="m"))
    hold("notification created", await client.receive())
    await in_thread(actions.mark_read, user, note.pk)
    [read] = [m for m in await client.until(lambda m: m.get("action") == "updated") if m["type"] == "notification"]
    hold("notification updated", read)
    await in_thread(actions.delete_for_everyone, [note.pk])
    [*_, deleted] = await client.until(lambda m: m.get("action") == "deleted")
    hold("notification deleted", deleted)
    await announce(Draft("jobs", {"type": "job", "action": "status", "job_id": "7", "data": {}}, key="7"))
    [*_, status] = await client.until(lambda m: m["type"] == "job")
    hold("job status", status)
    output = {"type": "job", "action": "output", "job_id": "7", "data": {"lines": ["a"]}}
    await websocket_manager.broadcast(output, "jobs:7")
    [*_, lines] = await client.until(lambda m: m["type"] == "job")
    hold("job output", lines)
    await client.send(FROZEN["client"]["ping"])
    [*_, pong] = await client.until(lambda m: m["type"] == "pong")
    hold("pong", pong)
    await client.send(FROZEN["client"]["unsubscribe"])
    [*_, gone] = await client.until(lambda m: m["type"] == "subscription")
    hold("unsubscribed", gone)


def test_the_comparison_notices_a_change() -> None:
    """A missing key, another type, another form and another word are all differences; a new key is none."""
    example = FROZEN["server"]["pong"]
    assert differences(example, {**example, "new": 1}) == []
    assert differences(example, {"type": "pong"}) == ["$.timestamp is missing"]
    assert differences(example, {**example, "timestamp": "2026-01-02T03:04:05"}) != []
    assert differences(example, {**example, "timestamp": 7}) != []
    assert differences(example, {**example, "type": "ping"}) != []


async def test_the_documented_conversation(connect: Connect) -> None:
    """What the original documents as its integration test works with its imports changed."""
    from notifications.notification_service import NotificationCategory, NotificationLevel, notification_service

    client = await connect(v1=False)
    assert client.hello["type"] == "connection"
    assert client.hello["status"] == "connected"
    assert client.initial["type"] == "initial_state"
    assert "notifications" in client.initial["data"]
    assert "unread_count" in client.initial["data"]

    await client.send({"type": "subscribe", "topics": ["notifications"]})
    assert (await client.receive())["status"] == "subscribed"

    notification_service.set_websocket_manager(websocket_manager)
    created = notification_service.create_notification(
        title="Test notification",
        message="This is a test",
        level=NotificationLevel.INFO,
        category=NotificationCategory.SYSTEM,
    )
    message = await client.receive()
    assert (message["type"], message["action"]) == ("notification", "created")
    assert message["data"]["title"] == "Test notification"
    assert message["data"]["id"] == str(created.id)
    assert message["data"]["read"] is False

    await client.send({"type": "ping"})
    assert (await client.receive())["type"] == "pong"
    await client.send({"type": "unsubscribe", "topics": ["notifications"]})
    assert (await client.receive())["status"] == "unsubscribed"
