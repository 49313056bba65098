"""What `manage.py notifications tail` shows: which publications, and how they look on a terminal and in a pipe."""

import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group

from notifications.publications import STREAM
from realtime import protocol, topics
from realtime.audience import EVERYONE
from realtime.history import Published

COLORS: Final = {"info": 36, "success": 32, "warning": 33, "error": 31}
DIM: Final = 2
NAMED: Final = ("name", "hostname", "title", "id")
"""Keys of an object by which a person knows it, the best first."""
OBEYED: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Beside what JSON escapes anyway: the second set of control characters, other line ends, and turns of direction."""


class Ended(Exception):
    """Why nothing more is shown, in words for the person who watches."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which publications are shown: of *interests*, for one user or, without, of everyone.

    `interests` is stream → the objects of it, None for all; levels and categories are of notifications, empty for all.
    """

    interests: Mapping[str, frozenset[str] | None]
    levels: Collection[str] = ()
    categories: Collection[str] = ()
    username: str | None = None
    _audiences: dict[str, frozenset[str]] = field(default_factory=dict)

    def look_up(self) -> None:
        """Look up again what the user may see. Raises: Ended, where that is nothing any more."""
        if self.username is None:
            return
        user = find_user(self.username)
        for stream, keys in self.interests.items():
            topic = topics.registered()[stream]
            if not all(topic.authorize(user, key) for key in keys or {""}):
                raise Ended(f"{self.username} may not follow {stream}.")
            self._audiences[stream] = topic.audiences(user)

    def wants(self, stream: str, item: Published) -> bool:
        """Say whether *item* is shown. Details are where their object was named, as browsers have it."""
        keys = self.interests[stream]
        if (item.detail and keys is None) or (keys is not None and item.key not in keys):
            return False
        if self.username is not None and item.audience not in self._audiences[stream]:
            return False
        if stream != STREAM:
            return True
        if self.username is None and item.version is None:  # What a user did with it is the user's own.
            return False
        data = json.loads(item.body)["data"]
        return _among(data.get("level"), self.levels) and _among(data.get("category"), self.categories)


def find_user(name: str) -> AbstractBaseUser:
    """Return the user of that name. Raises: Ended."""
    users = get_user_model()
    user = users._default_manager.filter(**{users.USERNAME_FIELD: name}).first()
    if user is None:
        raise Ended(f"There is no user {name!r}.")
    return user


def as_json(stream: str, item: Published, *, ascii_only: bool = False) -> str:
    """Return the message as browsers have it, and who it is for, on one line.

    What a terminal would obey, or a program would take for the line's end, is escaped; with *ascii_only* all else, too.
    """
    message = json.loads(protocol.splice(item.body, stream, item.offset))
    text = json.dumps({**message, "for": addressee(item.audience)}, ensure_ascii=ascii_only)
    return OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@dataclass(frozen=True, slots=True)
class Lines:
    """Write publications for a person: times in *zone*, and colours where *colored*."""

    zone: tzinfo
    colored: bool

    def line(self, stream: str, item: Published) -> str:
        """Return one publication as a line; job output, as one for each that was printed."""
        message = json.loads(item.body)
        at = self._time(item.created_at) if item.created_at else "--:--:--"
        data = message.get("data") or {}
        text = self._notification(message, data) if stream == STREAM else _other(message, data)
        whom = "" if item.audience == EVERYONE else f"  → {_plain(addressee(item.audience))}"
        return f"{self._paint(at, DIM)}  {text}{self._paint(whom, DIM)}"

    def _time(self, moment: datetime) -> str:
        local, today = moment.astimezone(self.zone), datetime.now(self.zone).date()
        return f"{local:%H:%M:%S}" if local.date() == today else f"{local:%Y-%m-%d %H:%M:%S}"

    def _notification(self, message: Mapping[str, Any], data: Mapping[str, Any]) -> str:
        action = message["action"]
        if action == "read_through":
            return "everything was marked as read"
        level, category = str(data.get("level", "")), str(data.get("category", ""))
        text = _plain(str(data.get("title", data.get("id", ""))))
        if data.get("message"):
            text += f": {_plain(str(data['message']))}"
        lock = "🔒 " if data.get("sensitive") else ""
        said = "" if action == "created" else f"({_said(action, data)}) "
        return f"{self._paint(f'{level:<7}', COLORS.get(level, 0))}  {_plain(category):<10}  {said}{lock}{text}"

    def _paint(self, text: str, color: int) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self.colored and text and color else text


def addressee(audience: str) -> str:
    """Return an audience by its name: `everyone`, `user ann`, `group operators`."""
    kind, colon, pk = audience.partition(":")
    return f"{kind} {_name(kind, pk)}" if colon else audience


def local_zone() -> tzinfo | None:
    """Return the zone of whoever started this process, None where that cannot be told.

    Django sets TZ to its own TIME_ZONE, so that Python's local time is that of the project.
    """
    try:
        started_with = Path("/proc/self/environ").read_bytes().split(b"\0")
        name = next((entry[3:].decode() for entry in started_with if entry.startswith(b"TZ=")), "")
        if name:
            return ZoneInfo(name.removeprefix(":"))
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return None


def colors_wanted(*, terminal: bool) -> bool:
    """Say whether to colour what is written; https://no-color.org."""
    return terminal and not os.environ.get("NO_COLOR")


def parse_moment(text: str, now: datetime) -> datetime | None:
    """Return the time that `10m`, `2h` or an ISO time means, None where *text* is neither.

    A time without an offset is in the zone of *now*.
    """
    unit = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}.get(text[-1:])
    if unit and text[:-1].isdecimal():
        try:
            return datetime.fromtimestamp(now.timestamp() - unit * int(text[:-1]), now.tzinfo)
        except (OverflowError, OSError, ValueError):
            return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


@lru_cache(maxsize=1_000)
def _name(kind: str, pk: str) -> str:
    model: Any = Group if kind == "group" else get_user_model()
    found = model._default_manager.filter(pk=pk).first()
    if found is None:
        return pk
    return str(found.name if kind == "group" else found.get_username())


def _among(value: Any, wanted: Collection[str]) -> bool:
    return not wanted or value in wanted


def _said(action: str, data: Mapping[str, Any]) -> str:
    if action == "updated" and "read" in data:
        return "read" if data["read"] else "unread again"
    return {"updated": "changed"}.get(action, action)


def _other(message: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    if lines := data.get("lines"):
        return "\n".join(_plain(str(line.get("text", "")) if isinstance(line, dict) else str(line)) for line in lines)
    name = next((str(data[key]) for key in NAMED if data.get(key)), str(message.get("job_id", "")))
    parts = [message.get("type"), data.get("kind"), message.get("action"), name, data.get("state"), data.get("status")]
    return "  ".join(_plain(str(part)) for part in parts if part)


def _plain(text: str) -> str:
    """Return *text* on one line and without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)
