"""The user groups of many users, read with one query and held in little memory."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser

GROUPS: Final = "groups"


def prefetch(users: Sequence[AbstractBaseUser]) -> None:
    """Let `user.groups.all()` of each of *users* query nothing from now on, unless it does not already.

    What `prefetch_related_objects` does, which however gives each user a queryset of 1.5 KB: here users in the same
    groups share one. Queries the database once.
    """
    missing = {user.pk: user for user in users if GROUPS not in _prefetched(user)}
    if not missing:
        return
    groups: dict[Any, dict[Any, Any]] = defaultdict(dict)
    meta: Any = next(iter(missing.values()))._meta
    field = meta.get_field(GROUPS)
    through, of_user, of_group = field.remote_field.through, field.m2m_field_name(), field.m2m_reverse_field_name()
    for row in through._default_manager.filter(**{f"{of_user}__in": missing}).select_related(of_group):
        group = getattr(row, of_group)
        groups[getattr(row, through._meta.get_field(of_user).attname)][group.pk] = group
    shared: dict[frozenset[Any], Any] = {}
    for pk, user in missing.items():
        held = groups.get(pk, {})
        key = frozenset(held)
        if key not in shared:
            shared[key] = _queryset(field.related_model, held)
        _prefetched(user)[GROUPS] = shared[key]


def groups_of(user: AbstractBaseUser) -> Iterable[Any]:
    """Return the user's groups. Queries the database where they were not prefetched.

    What `user.groups.all()` returns, which however makes a manager each time, for ten times as much.
    """
    held = _prefetched(user).get(GROUPS)
    return held if held is not None else user.groups.all()  # type: ignore[attr-defined,no-any-return]


def _prefetched(user: AbstractBaseUser) -> dict[str, Any]:
    """Return where Django looks for what was prefetched, before it asks the database."""
    found: dict[str, Any] = user.__dict__.setdefault("_prefetched_objects_cache", {})
    return found


def _queryset(model: Any, held: dict[Any, Any]) -> Any:
    """Return the groups as a queryset that has been read already, and may be filtered like any."""
    found = model._default_manager.filter(pk__in=list(held))
    found._result_cache = list(held.values())
    found._prefetch_done = True
    return found
