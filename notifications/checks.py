"""The system check of this app's settings."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from notifications.inbox import LIMIT
from notifications.vocabulary import CATEGORY_LENGTH


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
