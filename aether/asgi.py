"""The ASGI application: HTTP to Django, WebSocket to the consumer, lifespan to the node."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aether.settings")
http = get_asgi_application()

from aether.checks import refuse_bad_settings  # noqa: E402  Django has to be set up first.
from realtime.routing import with_realtime  # noqa: E402

refuse_bad_settings()
application = with_realtime(http)
