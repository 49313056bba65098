"""Make the database ready to be served: migrated, with dummy data and someone who can log in."""

import argparse
import os
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection

from aether.inventory import dummy as inventory
from aether.jobs import dummy as jobs
from realtime import listening, local_operator
from realtime.live_watching import unwatched

ADMIN = "admin"


class Command(BaseCommand):
    """`manage.py prepare`. Running it again changes nothing but what is missing."""

    help = "Migrate, load the dummy data where DUMMY_DATA is true, and create the first admin where login is on."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the address to be served, which decides about the login."""
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="address (127.0.0.1)")

    def handle(self, *args: Any, host: str, **options: Any) -> None:
        """Prepare the database. Raises: CommandError, where it does not answer."""
        try:
            call_command("migrate", interactive=False, verbosity=0)
            # The admin first: an account starts with all that is older as read.
            if settings.AUTH_ENABLED or not listening.is_loopback(host):
                self._create_admin()
            if settings.DUMMY_DATA and "notifications" in get_commands():
                call_command("notifications", "dummy")
            with unwatched():  # What the example data tells of is past, and nobody is told of it now.
                if settings.DUMMY_DATA and inventory.load():
                    self.stdout.write("Dummy inventory loaded.")
                if settings.DUMMY_DATA:
                    jobs.load()
        except (OperationalError, InterfaceError) as error:
            place = connection.settings_dict
            name = place["NAME"] if connection.vendor == "sqlite" else f"{place['HOST']}:{place['PORT'] or 5432}"
            text = f"The database at {name} does not answer: {' '.join(str(error).split())}"
            raise CommandError(f"{text}\nStart it, or name another one with DATABASE_URL.") from error

    def _create_admin(self) -> None:
        """Create the first superuser and print its password, which is kept nowhere else."""
        if User.objects.filter(is_superuser=True).exclude(username=local_operator.USERNAME).exists():
            return
        if User.objects.filter(username=ADMIN).exists():
            self.stdout.write("There is no superuser; create one with: python manage.py createsuperuser")
            return
        password = secrets.token_urlsafe(12)
        User.objects.create_superuser(ADMIN, password=password)
        self.stdout.write(f"Log in as {ADMIN} with the password {password} (it is shown only this once).")
