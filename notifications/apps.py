"""Django's registration of the notifications app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Connect the signals that publish notifications."""

    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signal handlers."""
        from notifications import signals

        signals.connect()
