"""Who may get a publication: everyone, a group of users, or one user.

An audience is a short text, so that the hub compares it with one set look-up. It never goes out on the wire.
"""

from typing import Final

EVERYONE: Final = "everyone"


def for_user(user_id: object) -> str:
    """Return the audience of one user."""
    return f"user:{user_id}"


def for_group(group_id: object) -> str:
    """Return the audience of a user group."""
    return f"group:{group_id}"
