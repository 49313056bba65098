"""A notification's buttons in REST, and who may let it offer requests that its readers send."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied

from notifications import buttons
from notifications.models import Notification
from notifications.secrecy import Unreadable

OFFER: Final = "notifications.add_actions"
_LABEL: Final = {"type": "string", "maxLength": buttons.LABEL_LENGTH}
LINK: Final = {
    "type": "object",
    "required": ["label", "url"],
    "properties": {"label": _LABEL, "url": {"type": "string", "maxLength": buttons.URL_LENGTH}},
}
CALL: Final = {
    "type": "object",
    "required": ["label", "method", "path"],
    "properties": {
        "label": _LABEL,
        "method": {"type": "string", "enum": list(buttons.METHODS)},
        "path": {"type": "string", "pattern": "^/api/", "maxLength": buttons.URL_LENGTH},
        "body": {"type": "object", "additionalProperties": {}},
    },
}
"""The two kinds of buttons, in OpenAPI."""


@extend_schema_field({"type": "array", "maxItems": buttons.MOST, "items": {"oneOf": [LINK, CALL]}})
class Buttons(serializers.Field[Any, Any, Any, Any]):
    """A notification's buttons. One that sends a request needs the permission `notifications.add_actions`."""

    def to_internal_value(self, data: Any) -> Any:
        """Return them as they came. Raises: ValidationError, which names the place, such as `0.url`."""
        found = buttons.problems(data)
        errors = {
            where or "non_field_errors": [serializers.ErrorDetail(said.messages[0], said.code)]
            for where, said in found.items()
        }
        if errors:
            raise serializers.ValidationError(errors)
        return data

    def to_representation(self, value: Any) -> Any:
        """Return them as they are."""
        return value


def require_calls(user: User, offered: Any) -> None:
    """Refuse buttons that send requests, where *user* may not offer them. Raises: PermissionDenied."""
    if buttons.calls(offered) and not user.has_perm(OFFER):
        raise PermissionDenied(
            f"A button that sends a request needs the permission {OFFER}; one with a url needs none."
        )


def requiring_calls(user: User, work: Callable[[], Any]) -> Any:
    """Return the notification that *work* writes; undo it where it then offers what *user* may not offer.

    So nobody changes the words around a button that they could not have made. Raises: PermissionDenied.
    """
    with transaction.atomic():
        row: Notification = work()
        require_calls(user, _offered(row))
    return row


def _offered(row: Notification) -> Any:
    if not row.sensitive:
        return row.actions
    try:
        return row.text().get("actions")
    except Unreadable:  # Then nobody is offered anything.
        return None
