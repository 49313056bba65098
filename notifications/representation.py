"""How a notification looks outside: one shape for REST, snapshots and pushes."""

from functools import partial
from typing import Any, Final

from notifications.models import Notification
from notifications.sealing import NEUTRAL
from realtime.protocol import timestamp

time: Final = partial(timestamp, precision="microseconds")
"""As exact as it is stored: clients sort by it, and what was created in bulk is microseconds apart."""

UNTOUCHED: Final[dict[str, Any]] = {"read": False, "archived": False, "saved": False, "snoozed_until": None}
"""A user's own marks on what they have done nothing with."""


def represent(notification: Notification) -> dict[str, Any]:
    """Return what is the same for everyone who may see *notification*; it depends on that row alone.

    Of a sensitive one it says nothing but that there is one: not even where its text is in memory. `deliver_at` is
    there only while it is scheduled.
    """
    shown = {
        "id": str(notification.pk),
        "title": notification.title,
        "message": notification.message,
        "level": str(notification.level),
        "category": str(notification.category),
        "created_at": time(notification.created_at),
        "updated_at": time(notification.updated_at),
        "expires_at": time(notification.expires_at) if notification.expires_at else None,
        "related_entity": notification.related_entity,
        "dedup_key": notification.dedup_key,
        "metadata": notification.metadata,
        "sensitive": notification.sensitive,
        "version": notification.version,
    }
    if notification.deliver_at is not None:
        shown["deliver_at"] = time(notification.deliver_at)
    return {**shown, **NEUTRAL, "dedup_key": None} if notification.sensitive else shown
