"""Django's registration of realtime; it discovers every app's topics.py, as the admin does with admin.py."""

from contextlib import suppress
from typing import Any

from django.apps import AppConfig
from django.apps import apps as registry
from django.apps.registry import Apps
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


def _create_streams(*, apps: Apps = registry, **_: Any) -> None:
    """Create the rows of the declared topics' streams, which readers then rely on.

    In the table as it is at that step of the migrations; where the step undid the table, nothing.
    """
    from realtime import control, history, topics

    with suppress(LookupError):
        history.ensure([*topics.registered(), control.STREAM], apps.get_model("realtime", "Stream"))
