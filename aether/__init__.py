"""The project: settings, URLs, the ASGI application, and the apps that are this deployment's own."""

from typing import Final

__version__: Final = "0.1.0"
