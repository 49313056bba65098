"""Settings out of environment variables, and what is wrong with them.

A malformed value never raises here: its default is used, or it is left out of its list, and the problem is kept for
the system check, which names the variable and the remedy and keeps the server from starting.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import environ

from aether import addresses
from realtime import keys

T = TypeVar("T")
TRUE: Final = frozenset({"true", "on", "yes", "y", "1"})
FALSE: Final = frozenset({"false", "off", "no", "n", "0", ""})
DATABASES: Final = {"sqlite": "django.db.backends.sqlite3"} | dict.fromkeys(
    ("postgres", "postgresql", "pgsql"), "django.db.backends.postgresql"
)
REDIS_SCHEMES: Final = frozenset({"redis", "rediss", "unix"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A variable whose value cannot be used, and what to write instead."""

    variable: str
    message: str
    hint: str


class Environment:
    """The environment's variables, together with those of a `.env` file. Real variables win over the file's."""

    def __init__(self, file: Path) -> None:
        """Read *file*, or the one that `AETHER_ENV_FILE` names; where that is empty, none."""
        named = os.environ.get("AETHER_ENV_FILE")
        self.file = file if named is None else Path(named or os.devnull)
        self.problems: list[Problem] = []
        self._env = environ.Env()
        if self.file.is_file():
            environ.Env.read_env(self.file)

    def switch(self, name: str, *, default: bool) -> bool:
        """Return a switch."""
        value = self.text(name, default=str(default)).strip().lower()
        if value in TRUE or value in FALSE:
            return value in TRUE
        return self._refuse(name, value, "is neither true nor false", f"Write {name}=true or {name}=false.", default)

    def number(self, name: str, *, default: int, least: int = 0) -> int:
        """Return a whole number that is not below *least*."""
        value = self.text(name, default=str(default)).strip()
        hint = f"Write a whole number of at least {least}, for example {name}={default}."
        try:
            number = int(value)
        except ValueError:
            return self._refuse(name, value, "is not a whole number", hint, default)
        return number if number >= least else self._refuse(name, value, f"is below {least}", hint, default)

    def choice(self, name: str, choices: Collection[str], *, default: str) -> str:
        """Return one of *choices*, in upper case."""
        value = self.text(name, default=default).strip().upper()
        if value in choices:
            return value
        return self._refuse(name, value, "is unknown", f"Use one of {', '.join(choices)}.", default)

    def text(self, name: str, *, default: str = "") -> str:
        """Return a text as it is; a `$` at its start is part of it, and no reference to another variable."""
        return os.environ.get(name, default)

    def texts(self, name: str, *, default: Collection[str] = ()) -> list[str]:
        """Return the parts of a text between commas."""
        return [part.strip() for part in self.text(name, default=",".join(default)).split(",") if part.strip()]

    def mapping(self, name: str, values: Collection[str], *, default: Collection[str]) -> dict[str, str]:
        """Return a mapping out of the parts `key=value` between commas; one whose value is unknown is left out."""
        found = {}
        for part in self.texts(name, default=default):
            key, _, value = part.rpartition("=")  # From the right: a key may have the sign in it.
            if key.strip() and value.strip() in values:
                found[key.strip()] = value.strip()
            else:
                hint = f"Write {name}=name={next(iter(values))}; behind the last = stands one of {', '.join(values)}."
                self._refuse(name, part, "maps no name to a role", hint, None)
        return found

    def numbers(self, name: str) -> dict[str, int]:
        """Return a mapping out of the parts `key=number` between commas; a part that is none is left out."""
        found = {}
        for part in self.texts(name):
            key, _, value = part.rpartition("=")
            if key.strip() and value.strip().isascii() and value.strip().isdigit():
                found[key.strip()] = int(value)
            else:
                self._refuse(name, part, "gives no name a number", f"Write {name}=backup=7200,deploy=600.", None)
        return found

    def hosts(self, name: str, *, default: Collection[str]) -> list[str]:
        """Return names and addresses for the Host header; what no request can have there is left out."""
        return self._checked(name, addresses.wrong_host, addresses.HOST_HINT, default)

    def proxies(self, name: str) -> list[str]:
        """Return the addresses and networks of proxies."""
        return self._checked(name, addresses.wrong_proxy, addresses.PROXY_HINT)

    def origins(self, name: str) -> list[str]:
        """Return origins, each with its scheme."""
        return self._checked(name, addresses.wrong_origin, addresses.ORIGIN_HINT)

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        """Return a database of Django's settings out of a URL."""
        value = self.text(name, default=default)
        hint = f"Write {name}=postgresql://user:password@host:5432/name or {name}=sqlite:////path/to/file.sqlite3."
        scheme, separator, _ = value.partition("://")
        if not separator or scheme not in DATABASES:
            return self._default_database(name, scheme, "is not a database that Aether knows", hint, default)
        try:
            database: dict[str, Any] = self._env.db_url_config(value, engine=DATABASES[scheme])
            if timeout := database.get("OPTIONS", {}).get("timeout"):
                database["OPTIONS"]["timeout"] = float(timeout)  # SQLite takes no text here.
        except ValueError:
            return self._default_database(name, scheme, "does not start a URL that can be read", hint, default)
        if not database.get("NAME"):
            return self._default_database(name, scheme, "starts a URL that names no database", hint, default)
        return database

    def redis(self, name: str) -> str:
        """Return the URL of a Redis or Valkey server, or nothing."""
        value = self.text(name).strip()
        if not value:
            return value
        hint = f"Write {name}=redis://host:6379/0, or rediss:// for an encrypted connection."
        scheme = value.partition("://")[0] if "://" in value else ""  # Shown alone: a URL carries a password.
        try:
            parts = urlsplit(value)
            known = parts.port != 0 and parts.scheme in REDIS_SCHEMES and bool(parts.netloc or parts.path)
        except ValueError:
            return self._refuse(name, scheme, "does not start a URL that can be read", hint, "")
        if known:
            return value
        return self._refuse(name, scheme, "does not start the URL of a Redis or Valkey server", hint, "")

    def keys(self, name: str) -> list[str]:
        """Return master keys for encryption. Nothing of a malformed one is ever shown, only its place in the list."""
        found = self.texts(name)
        complaints = {number: keys.wrong(text) for number, text in enumerate(found, 1)}
        for number, complaint in complaints.items():
            if complaint:
                self._refuse(name, f"key {number} of {len(found)}", complaint, f"{keys.HINT}.", None)
        return [text for text, complaint in zip(found, complaints.values(), strict=True) if not complaint]

    def _checked(
        self, name: str, wrong: Callable[[str], str | None], hint: str, default: Collection[str] = ()
    ) -> list[str]:
        entries = self.texts(name, default=default)
        complaints = {entry: complaint for entry in entries if (complaint := wrong(entry))}
        for entry, complaint in complaints.items():
            self._refuse(name, entry, complaint, hint, None)
        return [entry for entry in entries if entry not in complaints]

    def _default_database(self, name: str, shown: str, complaint: str, hint: str, default: str) -> dict[str, Any]:
        self._refuse(name, shown, complaint, hint, None)  # The scheme alone is shown: a URL carries a password.
        return dict(self._env.db_url_config(default))

    def _refuse(self, name: str, value: str, complaint: str, hint: str, default: T) -> T:
        self.problems.append(Problem(name, f"{name}: {value[:80]!r} {complaint}.", hint))
        return default
