"""The ASGI application: HTTP to Django, WebSocket to the consumer, lifespan to the node."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aether.settings")
http = get_asgi_application()

from aether.checks import refuse_bad_settings  # noqa: E402  Django has to be set up first.
from realtime.correlation import with_request_ids  # noqa: E402
from realtime.lifespan import lifespan  # noqa: E402
from realtime.routing import websocket_urlpatterns, with_streams  # noqa: E402

refuse_bad_settings()
websocket = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]  # Channels takes Django's own patterns too.
routes = ProtocolTypeRouter({"http": with_streams(http), "websocket": websocket, "lifespan": lifespan})
application = with_request_ids(routes)
