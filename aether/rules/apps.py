"""Django's registration of the rules."""

from functools import partial

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RulesConfig(AppConfig):
    """Watch the models that rules are about, and register the background work."""

    name = "aether.rules"
    label = "rules"

    def ready(self) -> None:
        """Connect them; after each migration every declared rule has its switch."""
        from aether.rules import background, switches
        from aether.rules.noticing import notice
        from aether.rules.sources import SOURCES
        from realtime import upkeep
        from realtime.live_watching import watch

        for source in SOURCES.values():
            watch(source.model, source.fields, partial(notice, source))
        for work in background.works():
            upkeep.register(work)
        post_migrate.connect(switches.after_migrating, sender=self)
