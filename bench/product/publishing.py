"""A WebSocket that publishes what it is told, inside the server, as a view or a task of the application would."""

import json
from typing import Any

from django.db import transaction

from notifications import actions
from realtime import node
from realtime.outbox import Draft, publish_many


async def publisher(scope: Any, receive: Any, send: Any) -> None:
    """Serve one publisher: each frame is `<what> <key or count> <JSON>`, and each one transaction."""
    await receive()
    await send({"type": "websocket.accept"})
    here = await node.running()
    while (message := await receive())["type"] == "websocket.receive":
        what, number, text = message["text"].split(" ", 2)
        await here.run(WORK[what], number, json.loads(text))


def _durable(key: str, bodies: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        publish_many(Draft("bench", body, key=key) for body in bodies)


def _passing(key: str, bodies: list[dict[str, Any]]) -> None:
    publish_many(Draft("passing", body, key=key) for body in bodies)


def _bulk(count: str, title: str) -> None:
    actions.create_many({"title": title, "message": f"Number {number}"} for number in range(int(count)))


WORK = {"durable": _durable, "passing": _passing, "bulk": _bulk}
