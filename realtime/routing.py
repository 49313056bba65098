"""Where the WebSocket lives: `/ws` and, for older clients, `/ws/`."""

from django.urls import re_path

from realtime.consumers import Consumer

websocket_urlpatterns = [re_path(r"^ws/?$", Consumer.as_asgi())]  # type: ignore[arg-type]  # Channels routes ASGI applications.
