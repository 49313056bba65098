"""How a notification looks outside: one shape for REST, snapshots and pushes."""

from datetime import UTC, datetime
from typing import Any

from notifications.models import Notification


def represent(notification: Notification) -> dict[str, Any]:
    """Return what is the same for everyone who may see *notification*; it depends on that row alone."""
    return {
        "id": str(notification.pk),
        "title": notification.title,
        "message": notification.message,
        "level": str(notification.level),
        "category": str(notification.category),
        "created_at": timestamp(notification.created_at),
        "updated_at": timestamp(notification.updated_at),
        "expires_at": timestamp(notification.expires_at) if notification.expires_at else None,
        "related_entity": notification.related_entity,
        "dedup_key": notification.dedup_key,
        "metadata": notification.metadata,
        "version": notification.version,
    }


def timestamp(moment: datetime) -> str:
    """Return *moment* as RFC 3339 in UTC, with milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
