"""The stream on which nodes tell each other what concerns connections and not clients.

It is a stream like any other, so what is said on it survives a crash and a lost channel layer; no topic is registered
for it, so no client can subscribe to it.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save, pre_delete

from realtime import audience
from realtime.outbox import Draft, publish_many

STREAM: Final = "control"
HISTORY_COUNT: Final = 10_000
HISTORY_AGE: Final = 86_400.0
USER_CHANGED: Final = "user_changed"


def user_changed(user_ids: Iterable[Any]) -> None:
    """Have every node look again at what these users may see, once the current transaction commits."""
    body = {"type": USER_CHANGED}
    with transaction.atomic():
        publish_many(Draft(STREAM, body, audience=audience.for_user(pk), key=str(pk)) for pk in user_ids)


def connect_signals() -> None:
    """Follow who joins and leaves user groups, and whose account ends."""
    user = get_user_model()
    through = user._meta.get_field("groups").remote_field.through
    post_save.connect(_on_user_saved, sender=user, dispatch_uid="realtime.user")
    pre_delete.connect(_on_user_deleted, sender=user, dispatch_uid="realtime.user_deleted")
    m2m_changed.connect(_on_groups_changed, sender=through, dispatch_uid="realtime.groups")
    pre_delete.connect(_on_group_deleted, sender=Group, dispatch_uid="realtime.group")


def _on_user_saved(instance: Any, created: bool, **_: Any) -> None:
    if not created and not instance.is_active:
        user_changed([instance.pk])


def _on_user_deleted(instance: Any, **_: Any) -> None:
    user_changed([instance.pk])


def _on_groups_changed(instance: Any, action: str, reverse: bool, pk_set: set[Any] | None, **_: Any) -> None:
    if action in {"post_add", "post_remove"}:
        user_changed(pk_set or () if reverse else [instance.pk])
    elif action == "pre_clear":  # Afterwards nobody knows who they were.
        user_changed(instance.user_set.values_list("pk", flat=True) if reverse else [instance.pk])


def _on_group_deleted(instance: Group, **_: Any) -> None:
    user_changed(instance.user_set.values_list("pk", flat=True))
