"""Create a notification from the command line.

Exit codes: 0 created or changed, and its id printed; 1 refused, with the reason on stderr (unknown user or group,
invalid contents, database away); 2 the arguments cannot be read.
"""

import argparse
import json
import sys
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from notifications import actions
from notifications.management.refusals import database_refusals
from notifications.models import Notification
from notifications.representation import represent
from notifications.vocabulary import Category, Level

CODES = "Exit codes: 0 done, and the id is printed; 1 refused, stderr says why; 2 the arguments cannot be read."


class Command(BaseCommand):
    """`manage.py notify "Backup finished" "42 GB in 3 minutes." --level success`."""

    help = f"Create a notification; a running server shows it at once. {CODES}"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the contents and the audience."""
        parser.add_argument("title")
        parser.add_argument("message", nargs="?", help="none by default; - reads it from stdin, where no one sees it")
        parser.add_argument("--level", choices=Level.values, help=f"{Level.INFO.value} by default")
        parser.add_argument("--category", help=f"{Category.SYSTEM.value} by default")
        parser.add_argument("--related-entity", help="what it is about, such as a host's name")
        audience = parser.add_mutually_exclusive_group()
        audience.add_argument("--user", help="only for the user of this name; default: everyone")
        audience.add_argument("--group", help="only for the user group of this name")
        keys = parser.add_mutually_exclusive_group()
        keys.add_argument(
            "--dedup-key", help="change the live notification with this key, if there is one; what is not given stays"
        )
        keys.add_argument("--system", metavar="KEY", help="the same for a system notification, about system:KEY")
        parser.add_argument("--metadata", type=_json, help="a JSON object")
        parser.add_argument(
            "--at",
            type=_moment,
            metavar="TIME",
            help="deliver it then, such as 2026-12-24T18:00:00+01:00; default: now",
        )
        parser.add_argument("--sensitive", action="store_true", default=None, help="encrypt it; needs ENCRYPTION_KEYS")
        parser.add_argument("--json", action="store_true", help="print the whole notification as JSON, not only its id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it and print its id. Raises: CommandError, which ends with exit code 1."""
        try:
            with database_refusals():
                row = _create(options)
        except ValidationError as error:
            raise CommandError(_sentence(error)) from error
        self.stdout.write(json.dumps(represent(row), ensure_ascii=False) if options["json"] else str(row.pk))


def _create(options: dict[str, Any]) -> Notification:
    names = ("title", "message", "level", "category", "related_entity", "metadata", "sensitive")
    contents = {name: options[name] for name in names if options[name] is not None}
    if options["at"] is not None:
        contents["deliver_at"] = options["at"]
    if options["message"] == "-":
        contents["message"] = sys.stdin.read().removesuffix("\n")
    if options["user"] is not None:
        contents["user"] = _named(get_user_model(), get_user_model().USERNAME_FIELD, options["user"])
    if options["group"] is not None:
        contents["group"] = _named(Group, "name", options["group"])
    if options["system"] is not None:
        key = f"system:{options['system']}"
        return actions.upsert(key, **{"level": Level.WARNING, "related_entity": key, **contents})
    if options["dedup_key"] is not None:
        return actions.upsert(options["dedup_key"], **contents)
    return actions.create(**contents)


def _named(model: Any, field: str, name: str) -> Any:
    found = model._default_manager.filter(**{field: name}).first()
    if found is None:
        raise CommandError(f"There is no {model._meta.verbose_name} {name!r}.")
    return found


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-12-24T18:00:00+01:00.") from error
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no zone; write {text}Z, or {text}+01:00.")
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"This is no JSON: {error}") from error


def _sentence(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
