"""The publications that tell clients about notifications, before they are stored in the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from notifications.models import Notification
from notifications.representation import represent
from realtime.audience import for_user
from realtime.outbox import Draft

STREAM: Final = "notifications"
Action = Literal["created", "updated", "deleted"]
OPENED: Final = {"read": False, "archived": False, "snoozed_until": None}
"""What a notification is to everyone when it is opened."""


def opened(notification: Notification, action: Action = "created") -> Draft:
    """Return the publication that shows *notification* as unread to its whole audience, and in everyone's inbox.

    Who saved it keeps it saved.
    """
    return _shared(notification, action, OPENED)


def changed(notification: Notification) -> Draft:
    """Return the publication of a change that leaves each user's own mark alone."""
    return _shared(notification, "updated", {})


def deleted(notification: Notification) -> Draft:
    """Return the publication of a deletion for everyone; its version is the tombstone's.

    `read` is true, since for nobody anything is left to read; false would say that it was opened.
    """
    return _shared(notification, "deleted", {"read": True})


def marked(user_id: int, notification: Notification, item: Mapping[str, Any], action: Action, unread: int) -> Draft:
    """Return the publication of one user's own mark on *notification*, of which *item* is that user's view."""
    body = {"type": "notification", "action": action, "data": dict(item), "unread_count": unread}
    return Draft(STREAM, body, audience=for_user(user_id), key=key_of(notification))


def for_older(draft: Draft, action: Action | None) -> Draft:
    """Return *draft* with another *action* for clients that know of no archive: it leaves their list, or comes back."""
    return draft if action is None else replace(draft, legacy=[{**draft.body, "action": action}])


def read_through(user_id: int, up_to: int, unread: int, items: Sequence[Mapping[str, Any]]) -> Draft:
    """Return the publication of one user's mark-all-read; *items* are what clients without it are told instead."""
    body = {"type": "notification", "action": "read_through", "data": {"up_to": up_to}, "unread_count": unread}
    legacy = [
        {"type": "notification", "action": "updated", "data": dict(item), "unread_count": unread} for item in items
    ]
    return Draft(STREAM, body, audience=for_user(user_id), legacy=legacy)


def key_of(notification: Notification) -> str:
    """Return the publications' key: the id without hyphens, which is how SQLite stores it, so that SQL can join."""
    return notification.pk.hex


def _shared(notification: Notification, action: Action, own: Mapping[str, Any]) -> Draft:
    body = {"type": "notification", "action": action, "data": {**represent(notification), **own}}
    return Draft(
        STREAM,
        body,
        audience=notification.audience,
        key=key_of(notification),
        version=notification.version,
    )
