"""Django's registration of realtime; it discovers every app's topics.py, as the admin does with admin.py."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RealtimeConfig(AppConfig):
    """Discover the topics that the installed apps declare."""

    name = "realtime"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import each app's `topics` module, which registers its topics."""
        autodiscover_modules("topics")
