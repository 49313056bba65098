"""The application: `/subscribe?topic=7` listens, `/publish` sends to a topic's group."""

import os
from typing import Any
from urllib.parse import parse_qs

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.stock.settings")
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402  Django has to be set up first.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Subscriber(AsyncWebsocketConsumer):
    """A member of its topic's group."""

    async def connect(self) -> None:
        """Join the group, then accept."""
        topic = parse_qs(self.scope["query_string"].decode())["topic"][0]
        self.group = f"bench.{topic}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def bench_message(self, event: dict[str, Any]) -> None:
        """Pass a message of the group on to the client."""
        await self.send(text_data=event["text"])


class Publisher(AsyncWebsocketConsumer):
    """Sends what it receives to a topic's group."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Publish one message: the topic, a space, the text."""
        topic, _, text = (text_data or "").partition(" ")
        await self.channel_layer.group_send(f"bench.{topic}", {"type": "bench.message", "text": text})


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("subscribe", Subscriber.as_asgi()), path("publish", Publisher.as_asgi())])}
)
