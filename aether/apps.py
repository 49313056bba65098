"""Django's registration of the project itself: its system checks and its commands."""

from django.apps import AppConfig
from django.conf import settings


class DaphneConfig(AppConfig):
    """Make daphne's `runserver` known without loading its server, a sixth of what every command would load."""

    name = "daphne"
    verbose_name = "Daphne"


class AetherConfig(AppConfig):
    """Register the checks of the settings, and name the admin."""

    name = "aether"
    default = True

    def ready(self) -> None:
        """Import the checks, which registers them; call the admin by the site's name."""
        from django.contrib import admin

        from aether import checks, deployment, encryption  # noqa: F401

        admin.site.site_header = admin.site.site_title = settings.APP_NAME
