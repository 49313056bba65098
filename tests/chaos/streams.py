"""Clients without WebSocket: `EventSource` and the long poll."""

import asyncio
import json
import time
from typing import Any, Final
from urllib.parse import quote

from tests.chaos import http
from tests.chaos.clients import CONNECT, Client, Lost

POLL_EVERY: Final = 1.5
"""Seconds between polls, which keeps the machine free for the others."""


class EventStreamClient(Client):
    """`EventSource` as browsers do it: it resumes with Last-Event-ID."""

    _response: http.Response | None = None
    _last = ""

    def cut(self) -> None:
        """Drop the connection without a goodbye."""
        if self._response is not None:
            self._response.abort()

    async def _connection(self) -> None:
        if self.begins_anew():
            self._last = ""
        headers = {"Cookie": self.cookie} | ({"Last-Event-ID": self._last} if self._last else {})
        path = f"/api/v1/stream?topics={quote(','.join(self.journal.topics))}"
        async with asyncio.timeout(CONNECT):
            self._response = await http.get(self.port, path, headers)
        try:
            if self._response.status != 200:
                raise Lost(f"status {self._response.status}")
            event: dict[str, str] = {}
            async for line in self._response.lines():
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                    continue
                self._last = event.get("id", self._last)  # An event counts once it is whole.
                if "data" in event:
                    self._event(json.loads(event["data"]))
                event = {}
            raise Lost("the stream ended")
        finally:
            self._response.abort()

    def _event(self, message: dict[str, Any]) -> None:
        if message["type"] != "subscription":
            self._take(message)
            return
        self.journal.subscribed(message["positions"], time.time())
        self._is_back()


class PollClient(Client):
    """A long poll, again and again, with pauses."""

    _cursor = ""

    async def _connection(self) -> None:
        since = f"&since={quote(self._cursor)}" if self._cursor else ""
        path = f"/api/v1/changes?topics={quote(','.join(self.journal.topics))}&wait=5{since}"
        async with asyncio.timeout(CONNECT + 5):
            response = await http.get(self.port, path, {"Cookie": self.cookie})
            try:
                if response.status != 200:
                    raise Lost(f"status {response.status}")
                answer = json.loads("".join([line async for line in response.lines()]))
            finally:
                response.abort()
        self._cursor = answer["cursor"]
        for message in answer["messages"]:
            self._take(message)
        self._is_back()
        pause = POLL_EVERY * self.chance.uniform(0.7, 1.3)
        await asyncio.sleep(pause)
