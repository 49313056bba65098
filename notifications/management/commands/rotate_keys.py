"""Encrypt what is sensitive anew with the first key.

Exit codes: 0 everything is encrypted with the first key; 1 refused, or something is left; stderr says why.
"""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications import rotation, secrecy
from notifications.management.refusals import database_refusals
from realtime import audit, keys
from realtime.audit import Event


class Command(BaseCommand):
    """`manage.py rotate_keys [--status]`."""

    help = (
        "Encrypt sensitive notifications anew with the first of ENCRYPTION_KEYS. Servers may go on running; "
        "stopped half-way it goes on where it was. Says which keys are no longer needed."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the option to change nothing."""
        parser.add_argument("--status", action="store_true", help="change nothing, only tell what each key encrypts")

    def handle(self, *args: Any, status: bool, **options: Any) -> None:
        """Rotate and tell what is left. Raises: CommandError, which ends with exit code 1."""
        if not secrecy.master_keys():
            raise CommandError(secrecy.NO_KEY)
        with database_refusals():
            if not status:
                self._rotate()
            left = rotation.remaining()
        self._tell(left)
        first, *_ = names = [keys.name_of(key) for key in secrecy.master_keys()]
        if missing := sorted(left.keys() - names):
            raise CommandError(f"Unreadable until their keys are in ENCRYPTION_KEYS again: {', '.join(missing)}.")
        if not status and left.keys() - {first}:
            raise CommandError("Some are left: they were being written, or cannot be read. Run it again.")

    def _rotate(self) -> None:
        done = unreadable = 0
        try:
            for progress in rotation.rotate():
                done, unreadable = done + progress.done, unreadable + progress.unreadable
                self.stdout.write(f"{done} encrypted anew")
        finally:  # Also where it was stopped half-way.
            if done:
                key = keys.name_of(secrecy.master_keys()[0])
                audit.record(Event.KEYS_ROTATED, key=key, done=done, unreadable=unreadable)
        if unreadable:
            self.stderr.write(f"{unreadable} could not be read and were left as they are.")

    def _tell(self, left: dict[str, int]) -> None:
        first, *old = [keys.name_of(key) for key in secrecy.master_keys()]
        self.stdout.write(f"{first} (the first key): {left.get(first, 0)} notifications")
        for name in old:
            count = left.get(name, 0)
            note = "" if count else "; it may be removed once every server runs with the new first key"
            self.stdout.write(f"{name}: {count} notifications{note}")
        for name in sorted(left.keys() - {first, *old}):
            self.stdout.write(f"{name}: {left[name]} notifications; this key is missing from ENCRYPTION_KEYS")
