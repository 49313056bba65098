"""The ASGI application: HTTP to Django, WebSocket to the consumer."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aether.settings")

application = ProtocolTypeRouter({"http": get_asgi_application()})
