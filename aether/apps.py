"""Django's registration of the project itself: its system checks, its commands, its API's schema."""

from django.apps import AppConfig
from django.conf import settings


class AetherConfig(AppConfig):
    """Register the checks of the settings, and name the admin."""

    name = "aether"

    def ready(self) -> None:
        """Import the checks and the schema's extensions, which registers them; call the admin by the site's name."""
        from django.contrib import admin

        from aether import checks, encryption  # noqa: F401
        from realtime.api import schema  # noqa: F401

        admin.site.site_header = admin.site.site_title = settings.APP_NAME
