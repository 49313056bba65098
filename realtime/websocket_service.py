"""The names that existing integrations import: `from realtime.websocket_service import websocket_manager`.

Messages sent here are ephemeral: they have no offset, are not stored, and reach who is connected now.
"""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.serializers.json import DjangoJSONEncoder

from realtime import node
from realtime.broker import NODES


class WebSocketManager:
    """Send messages of any type to connected clients, from any code and any thread."""

    async def broadcast(self, message: Mapping[str, Any], topic: str | None = None) -> None:
        """Send *message* to the subscribers of *topic* and of `all`; without a topic to every connection."""
        text = _encode(message)
        if here := node.here():
            here.loop.call_soon_threadsafe(here.broadcast, text, topic)
            await asyncio.sleep(0)
        else:
            await _to_nodes(_broadcast(text, topic))

    def broadcast_sync(self, message: Mapping[str, Any], topic: str | None = None) -> None:
        """Do what `broadcast` does, from code that is not async; a loop may be running in its thread."""
        text = _encode(message)
        if here := node.here():
            here.loop.call_soon_threadsafe(here.broadcast, text, topic)
        else:
            _to_nodes_sync(_broadcast(text, topic))

    async def send_personal_message(self, client_id: str, message: Mapping[str, Any]) -> None:
        """Send *message* to one client, on whichever node it is; an unknown id is no error."""
        text = _encode(message)
        if here := node.here():
            here.loop.call_soon_threadsafe(here.send_to, client_id, text)
            await asyncio.sleep(0)
        else:
            await _to_nodes(_personal(client_id, text))

    def send_personal_message_sync(self, client_id: str, message: Mapping[str, Any]) -> None:
        """Do what `send_personal_message` does, from code that is not async; a loop may be running in its thread."""
        text = _encode(message)
        if here := node.here():
            here.loop.call_soon_threadsafe(here.send_to, client_id, text)
        else:
            _to_nodes_sync(_personal(client_id, text))

    @property
    def connection_count(self) -> int:
        """How many clients are connected to this process."""
        here = node.here()
        return len(here.hub.connections) if here else 0


websocket_manager = WebSocketManager()


def _encode(message: Mapping[str, Any]) -> str:
    return json.dumps(message, cls=DjangoJSONEncoder)


def _broadcast(text: str, topic: str | None) -> dict[str, Any]:
    return {"type": "aether.broadcast", "origin": "", "topic": topic, "text": text}


def _personal(client_id: str, text: str) -> dict[str, Any]:
    return {"type": "aether.personal", "origin": "", "client_id": client_id, "text": text}


def _to_nodes_sync(message: dict[str, Any]) -> None:
    """Wait for `_to_nodes` in a thread of its own, since a running loop cannot be waited for in its own thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(async_to_sync(_to_nodes), message).result()


async def _to_nodes(message: dict[str, Any]) -> None:
    """Hand *message* to the servers from a process that is none; an in-memory layer reaches nobody from there."""
    if layer := get_channel_layer():
        await layer.group_send(NODES, message)
