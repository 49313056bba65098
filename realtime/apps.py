"""Django's registration of realtime; it discovers every app's topics.py, as the admin does with admin.py."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class RealtimeConfig(AppConfig):
    """Discover the topics that the installed apps declare."""

    name = "realtime"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import each app's `topics` module, which registers its topics."""
        from realtime import accounts, checks, control, live_checks, outbox, signals  # noqa: F401
        from realtime.publisher import publisher

        autodiscover_modules("topics")
        signals.connect()
        accounts.connect_signals()
        control.on_urgent(publisher.relay_now)
        outbox.on_orphaned_wake(publisher.nudge)
        outbox.on_orphaned_passing(publisher.pass_on)
        post_migrate.connect(_create_streams, sender=self)


def _create_streams(**_: Any) -> None:
    """Create the rows of the declared topics' streams, which readers then rely on."""
    from realtime import control, history, topics

    history.ensure([*topics.registered(), control.STREAM])
