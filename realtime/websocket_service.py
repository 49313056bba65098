"""The names that existing integrations import: `from realtime.websocket_service import websocket_manager`.

Messages sent here are ephemeral: they have no offset, are not stored, and reach who is connected now.
"""

import asyncio
import json
from collections.abc import Mapping
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
            await _to_nodes({"type": "aether.broadcast", "origin": "", "topic": topic, "text": text})

    def broadcast_sync(self, message: Mapping[str, Any], topic: str | None = None) -> None:
        """Do what `broadcast` does, from code that is not async."""
        async_to_sync(self.broadcast)(message, topic)

    async def send_personal_message(self, client_id: str, message: Mapping[str, Any]) -> None:
        """Send *message* to one client, on whichever node it is; an unknown id is no error."""
        text = _encode(message)
        if here := node.here():
            here.loop.call_soon_threadsafe(here.send_to, client_id, text)
            await asyncio.sleep(0)
        else:
            await _to_nodes({"type": "aether.personal", "origin": "", "client_id": client_id, "text": text})

    def send_personal_message_sync(self, client_id: str, message: Mapping[str, Any]) -> None:
        """Do what `send_personal_message` does, from code that is not async."""
        async_to_sync(self.send_personal_message)(client_id, message)

    @property
    def connection_count(self) -> int:
        """How many clients are connected to this process."""
        here = node.here()
        return len(here.hub.connections) if here else 0


websocket_manager = WebSocketManager()


def _encode(message: Mapping[str, Any]) -> str:
    return json.dumps(message, cls=DjangoJSONEncoder)


async def _to_nodes(message: dict[str, Any]) -> None:
    """Hand *message* to the servers from a process that is none; an in-memory layer reaches nobody from there."""
    if layer := get_channel_layer():
        await layer.group_send(NODES, message)
