"""Django's registration of the project itself: its system checks and its commands."""

from django.apps import AppConfig


class AetherConfig(AppConfig):
    """Register the checks of the settings."""

    name = "aether"

    def ready(self) -> None:
        """Import the checks, which registers them."""
        from aether import checks  # noqa: F401  Importing is what registers them.
