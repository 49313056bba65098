"""Django's registration of the project itself: its system checks, its commands, its API's schema."""

from django.apps import AppConfig


class AetherConfig(AppConfig):
    """Register the checks of the settings."""

    name = "aether"

    def ready(self) -> None:
        """Import the checks and the schema's extensions, which registers them."""
        from aether import checks  # noqa: F401
        from realtime.api import schema  # noqa: F401
