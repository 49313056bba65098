"""How many people a notification reaches: the active accounts in its audience, as it is now."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError


def people(user_id: Any = None, group_id: Any = None) -> int:
    """Return how many there are in the audience that a user's or a user group's id names, or neither: everyone.

    Raises: ValueError, where an id is none, or both are given.
    """
    if user_id is not None and group_id is not None:
        raise ValueError("Name a user or a group, not both.")
    active = get_user_model()._default_manager.filter(is_active=True)
    try:
        if user_id is not None:
            active = active.filter(pk=user_id)
        if group_id is not None:
            active = active.filter(groups=group_id)
        return active.distinct().count()
    except (ValueError, TypeError, ValidationError, OverflowError) as error:
        raise ValueError("There is no such id.") from error
