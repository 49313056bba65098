"""List, clear, prune and seed notifications from the command line."""

import argparse
import json
import shlex
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from notifications import actions, dummy
from notifications.inbox import LIMIT, Inbox
from notifications.management.refusals import database_refusals
from notifications.models import LIVE, Notification
from notifications.representation import represent
from realtime import local_operator


class Command(BaseCommand):
    """`manage.py notifications list|clear|prune|dummy`."""

    help = "List notifications, clear one by its key, delete old ones for good, or load the dummy data."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add a parser for each."""
        kinds = parser.add_subparsers(dest="what", required=True)
        listing = kinds.add_parser("list", help="the newest ones, one a line")
        listing.add_argument("--user", help="as the user of this name sees them; default: all that are not deleted")
        listing.add_argument("--unread", action="store_true", help="only what is unread, with --user")
        listing.add_argument("--limit", type=int, default=20, help=f"how many, 1 to {LIMIT} (%(default)s)")
        listing.add_argument("--json", action="store_true", help="one JSON object a line")
        clear = kinds.add_parser("clear", help="delete a system notification of everyone, as `notify --system` made it")
        clear.add_argument("key", help="its key, without system:")
        prune = kinds.add_parser("prune", help="delete for good what nobody changed for a while")
        prune.add_argument("--days", type=int, default=actions.RETENTION.days, help="for how long (%(default)s)")
        kinds.add_parser("dummy", help="load the dummy data once, where DUMMY_DATA is true")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        """Do the one that was asked for. Raises: CommandError, which ends with exit code 1."""
        with database_refusals():
            {"list": self._list, "clear": self._clear, "prune": self._prune, "dummy": self._dummy}[what](options)

    def _list(self, options: dict[str, Any]) -> None:
        if not 1 <= options["limit"] <= LIMIT:
            raise CommandError(f"--limit must be from 1 to {LIMIT}.")
        if options["unread"] and not options["user"]:
            raise CommandError("--unread needs --user: each user reads for themselves.")
        for item in _items(options):
            mark = {True: " ", False: "*"}.get(item.get("read", True), " ")
            line = f"{mark} {item['created_at']}  {item['level']:<7}  {item['id']}  {item['title']}"
            self.stdout.write(json.dumps(item, ensure_ascii=False) if options["json"] else line)

    def _clear(self, options: dict[str, Any]) -> None:
        cleared = actions.clear(f"system:{options['key']}")
        self.stdout.write("Cleared." if cleared else "There was none.")

    def _prune(self, options: dict[str, Any]) -> None:
        if options["days"] < 0:
            raise CommandError("--days must not be negative.")
        total = 0
        while count := actions.prune(timedelta(days=options["days"])):
            total += count
        self.stdout.write(f"{total} pruned.")

    def _dummy(self, options: dict[str, Any]) -> None:
        if not getattr(settings, "DUMMY_DATA", False):
            self.stdout.write("DUMMY_DATA is false: no dummy data is loaded.")
        elif dummy.load():
            self.stdout.write("Dummy data loaded.")
            if not local_operator.enabled():
                self.stdout.write(f"To log in as {dummy.COLLEAGUE}: {_command('changepassword', dummy.COLLEAGUE)}")
        else:
            self.stdout.write("The dummy data was loaded before.")


def _command(*arguments: str) -> str:
    """Return the line that runs another command in the way that this one was run."""
    python, here = Path(sys.executable), Path.cwd()
    short = python.relative_to(here) if python.is_relative_to(here) else python
    return shlex.join([str(short), sys.argv[0], *arguments])


def _items(options: dict[str, Any]) -> list[dict[str, Any]]:
    if not options["user"]:
        return [represent(row) for row in Notification.objects.filter(**LIVE)[: options["limit"]]]
    users = get_user_model()
    user = users._default_manager.filter(**{users.USERNAME_FIELD: options["user"]}).first()
    if user is None:
        raise CommandError(f"There is no user {options['user']!r}.")
    return list(Inbox(user).page(options["limit"], unread_only=options["unread"]).items)
