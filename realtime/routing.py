"""Where realtime answers: the WebSocket at `/ws` (older clients: `/ws/`), and the streams over plain HTTP."""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from realtime import sse
from realtime.consumers import Consumer
from realtime.correlation import with_request_ids
from realtime.lifespan import lifespan


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


def with_realtime(http: Any) -> Any:
    """Return a project's ASGI application: *http* for its pages, and beside it the WebSocket, the streams, the node.

    A project with WebSockets of its own puts `websocket_urlpatterns` behind its own routes instead.
    """
    websocket = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]  # Channels takes Django's own patterns too.
    routes = {"http": with_streams(http), "websocket": websocket, "lifespan": lifespan}
    return with_request_ids(ProtocolTypeRouter(routes))
