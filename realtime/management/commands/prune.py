"""`manage.py prune`: delete history, and rows of the audit, that are older or more than the settings say."""

from typing import Any

from django.core.management.base import BaseCommand

from realtime import upkeep


class Command(BaseCommand):
    """Prune every stream's history and the audit now. The running servers do the same once a minute."""

    help = "Delete what REALTIME_HISTORY_COUNT, REALTIME_HISTORY_AGE and AUDIT_RETENTION no longer keep."

    def handle(self, *_: Any, **__: Any) -> None:
        """Prune, and print what went from each stream and from the audit."""
        for stream, count in sorted(upkeep.prune_all().items()):
            self.stdout.write(f"{stream}: {count} deleted")
        self.stdout.write(f"audit: {upkeep.prune_audit()} deleted")
