"""The ASGI application: HTTP to Django, WebSocket to the consumer, lifespan to the node."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aether.settings")
http = get_asgi_application()

from realtime.routing import websocket_urlpatterns  # noqa: E402  Django has to be set up first.
from realtime.server import lifespan  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(websocket_urlpatterns), "lifespan": lifespan})
