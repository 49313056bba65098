"""The system checks of this app: its settings, and whether what is stored can be read."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from notifications import rotation, secrecy
from notifications.inbox import LIMIT
from notifications.models import Notification
from notifications.vocabulary import CATEGORY_LENGTH
from realtime import keys


@register
def settings_are_usable(**_: Any) -> list[CheckMessage]:
    """Refuse categories that are no short words, and a snapshot that is longer than a page."""
    found: list[CheckMessage] = []
    more = getattr(settings, "NOTIFICATION_CATEGORIES", ())
    words = not isinstance(more, str) and all(
        isinstance(name, str) and 0 < len(name) <= CATEGORY_LENGTH for name in more
    )
    if not words:
        hint = f'For example NOTIFICATION_CATEGORIES = ["backup"], each of at most {CATEGORY_LENGTH} characters.'
        found.append(Error("NOTIFICATION_CATEGORIES is no list of words.", hint=hint, id="notifications.E001"))
    size = getattr(settings, "NOTIFICATION_SNAPSHOT_SIZE", 100)
    if not isinstance(size, int) or not 1 <= size <= LIMIT:
        hint = f"Set a whole number from 1 to {LIMIT}; REST serves what is older."
        found.append(Error("NOTIFICATION_SNAPSHOT_SIZE is out of range.", hint=hint, id="notifications.E002"))
    return found


@register(Tags.database)
def sensitive_texts_are_readable(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Name the keys that stored texts need and the settings lack. It runs with `check --database default`."""
    if not databases or Notification._meta.db_table not in connection.introspection.table_names():
        return []
    known = {keys.name_of(key) for key in secrecy.master_keys()}
    return [
        Error(
            f"{count} sensitive notifications cannot be read: their key {name} is missing.",
            hint=f"Put it back into {secrecy.SETTING}; what manage.py generate_key makes is another one.",
            id="notifications.E003",
        )
        for name, count in sorted(rotation.remaining().items())
        if name not in known
    ]
