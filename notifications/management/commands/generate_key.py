"""Make a key for ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from realtime import keys


class Command(BaseCommand):
    """`manage.py generate_key`."""

    help = "Print a new random key for ENCRYPTION_KEYS. It is stored nowhere: keep it apart from the database."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(keys.generate())
