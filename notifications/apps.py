"""Django's registration of the notifications app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Connect the signals that publish notifications, and register the check of the settings."""

    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signal handlers."""
        from notifications import checks, signals  # noqa: F401  # The check registers itself.

        signals.connect()
