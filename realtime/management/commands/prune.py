"""`manage.py prune`: delete history that is older or longer than the settings say."""

from typing import Any

from django.core.management.base import BaseCommand

from realtime import upkeep


class Command(BaseCommand):
    """Prune every stream's history now. The running servers do the same once a minute."""

    help = "Delete the publications that REALTIME_HISTORY_COUNT and REALTIME_HISTORY_AGE no longer keep."

    def handle(self, *_: Any, **__: Any) -> None:
        """Prune, and print what went from each stream."""
        for stream, count in sorted(upkeep.prune_all().items()):
            self.stdout.write(f"{stream}: {count} deleted")
