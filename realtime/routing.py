"""Where realtime answers: the WebSocket at `/ws` (older clients: `/ws/`), and the streams over plain HTTP."""

from typing import Any

from django.urls import re_path

from realtime import sse
from realtime.consumers import Consumer


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Refuse a handshake at any other path: without a route Channels raises, and anyone could fill the log."""
    await receive()
    await send({"type": "websocket.close"})


websocket_urlpatterns = [
    re_path(r"^ws/?$", Consumer.as_asgi()),  # type: ignore[arg-type]  # Channels routes ASGI applications.
    re_path(r"", nowhere),  # type: ignore[arg-type]
]
STREAMS = {"/api/v1/stream": sse.stream, "/api/v1/changes": sse.changes}


def with_streams(application: Any) -> Any:
    """Return an ASGI application that answers the event stream and the poll, and leaves the rest to *application*."""

    async def route(scope: Any, receive: Any, send: Any) -> None:
        await STREAMS.get(scope["path"], application)(scope, receive, send)

    return route
