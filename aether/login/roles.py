"""Which roles somebody has, by the claims that the OpenID provider makes about them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import Group, User

ROLES: Final = ("Reader", "Writer", "Admin")
"""The user groups that `notifications` brings along; no other group is ever touched by a login."""
STAFF: Final = "Admin"
"""The role that also opens the admin."""


def roles_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the roles that *claims* bring; none where none is mapped and there is no default."""
    mapped = {settings.OIDC_ROLES[value] for value in _values(claims) if value in settings.OIDC_ROLES}
    if not mapped and settings.OIDC_DEFAULT_ROLE:
        mapped = {settings.OIDC_DEFAULT_ROLE}
    return frozenset(mapped)


def apply(user: User, roles: frozenset[str]) -> None:
    """Give *user* exactly *roles*, and the admin with the one that opens it. Groups of other names stay as they are.

    Writes what differs and nothing else, so that a login that changes nothing disturbs no open connection.
    """
    had = set(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    user.groups.remove(*Group.objects.filter(name__in=had - roles))
    user.groups.add(*Group.objects.filter(name__in=roles - had))
    is_staff = STAFF in roles or user.is_superuser
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])


def _values(claims: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values of the claim that OIDC_ROLES_CLAIM names: one text, a list, or an object's keys."""
    found = _claim(claims, settings.OIDC_ROLES_CLAIM)
    if isinstance(found, str):
        yield found
    elif isinstance(found, list | dict):
        yield from (value for value in found if isinstance(value, str))


def _claim(claims: Any, name: str) -> Any:
    """Return a claim by its name; one with dots may also be a path (`realm_access.roles`)."""
    if not isinstance(claims, Mapping):
        return None
    if name in claims:
        return claims[name]
    first, dot, rest = name.partition(".")
    return _claim(claims.get(first), rest) if dot else None
