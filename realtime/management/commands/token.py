"""API tokens from the command line: `token create`, `token list`, `token revoke`.

Exit codes: 0 done; 1 refused, stderr says why; 2 the arguments cannot be read.
"""

import argparse
import uuid
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils import timezone

from realtime import protocol, tokens
from realtime.models import ApiToken


class Command(BaseCommand):
    """`manage.py token create ada "nightly backup" --days 30`."""

    help = "Make, list and revoke API tokens; a revoked one ends its connections at once."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the three things to do."""
        doing = parser.add_subparsers(dest="do", required=True)
        create = doing.add_parser("create", help="make a token; its secret is printed, this once")
        create.add_argument("user", help="whose token it is")
        create.add_argument("name", help="what will use it")
        create.add_argument("--days", type=float, help="how long it lasts; API_TOKEN_LIFETIME by default")
        listing = doing.add_parser("list", help="list tokens, never their secrets")
        listing.add_argument("user", nargs="?", help="of this user alone")
        revoke = doing.add_parser("revoke", help="revoke a token by its id, or all of a user")
        which = revoke.add_mutually_exclusive_group(required=True)
        which.add_argument("id", nargs="?", type=uuid.UUID, help="the token's id")
        which.add_argument("--user", help="all tokens of this user")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises: CommandError, which ends with exit code 1."""
        work = {"create": self._create, "list": self._list, "revoke": self._revoke}[options["do"]]
        try:
            work(options)
        except Error as error:
            raise CommandError(f"The database refused it: {error}") from error

    def _create(self, options: dict[str, Any]) -> None:
        try:
            token, secret = tokens.create(_user(options["user"]), options["name"], days=options["days"])
        except tokens.Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stderr.write(f"The token {token.uuid} lasts until {_time(token.expiry)}. Its secret is not shown again:")
        self.stdout.write(secret)

    def _list(self, options: dict[str, Any]) -> None:
        found = ApiToken.objects.select_related("user")
        if options["user"]:
            found = found.filter(user=_user(options["user"]))
        for token in found:
            state = "ended" if token.expiry and token.expiry <= timezone.now() else "until"
            facts = (token.uuid, token.user.get_username(), f"{state} {_time(token.expiry)}", token.name)
            self.stdout.write("\t".join(map(str, facts)))

    def _revoke(self, options: dict[str, Any]) -> None:
        own = {"user": _user(options["user"])} if options["user"] else {"uuid": options["id"]}
        count, _ = ApiToken.objects.filter(**own).delete()
        if not count and options["id"]:
            raise CommandError(f"There is no token {options['id']}.")
        self.stdout.write(f"{count} revoked.")


def _user(name: str) -> Any:
    model = get_user_model()
    found = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if found is None:
        raise CommandError(f"There is no user {name!r}.")
    return found


def _time(moment: Any) -> str:
    return protocol.timestamp(moment, precision="milliseconds") if moment else "for good"
