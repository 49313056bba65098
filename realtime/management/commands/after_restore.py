"""`manage.py after_restore`: say that the database was restored from a backup."""

from typing import Any

from django.core.management.base import BaseCommand

from realtime import history


class Command(BaseCommand):
    """Give every stream a new epoch.

    A running node that sees the database go back does this by itself. Where every node was restarted too, nobody
    remembers how far the streams had come, and only this command keeps a client from resuming over what was lost.
    """

    help = "After restoring a backup: make every client take a fresh snapshot instead of resuming."

    def handle(self, *_: Any, **__: Any) -> None:
        """Renew the epochs, and print of which streams."""
        for stream in sorted(history.heads()):
            history.renew_epoch(stream)
            self.stdout.write(f"{stream}: new epoch")
