"""Which changes of accounts, sessions, tokens, user groups and permissions the nodes are told of."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.utils import timezone
from django.utils.module_loading import import_string

from realtime import control
from realtime.models import ApiToken

LOGIN_ALONE = frozenset({"last_login"})


def connect() -> None:
    """Follow whatever may end a connection's credential or change what its user may see."""
    user = get_user_model()
    post_save.connect(_on_user_saved, sender=user, dispatch_uid="realtime.user")
    pre_delete.connect(_on_user_deleted, sender=user, dispatch_uid="realtime.user_deleted")
    for field in ("groups", "user_permissions"):
        through = getattr(user, field).through
        m2m_changed.connect(_on_rights_changed, sender=through, dispatch_uid=f"realtime.{field}")
    m2m_changed.connect(_on_group_rights_changed, sender=Group.permissions.through, dispatch_uid="realtime.permissions")
    pre_delete.connect(_on_group_deleted, sender=Group, dispatch_uid="realtime.group")
    post_save.connect(_on_token_saved, sender=ApiToken, dispatch_uid="realtime.token")
    post_delete.connect(_on_token_deleted, sender=ApiToken, dispatch_uid="realtime.token_deleted")
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    if hasattr(store, "get_model_class"):
        post_delete.connect(_on_session_deleted, sender=store.get_model_class(), dispatch_uid="realtime.session")


def _on_user_saved(instance: Any, created: bool, update_fields: Collection[str] | None, **_: Any) -> None:
    """Tell of any change but that of a login: of the password, of `is_active`, of `is_staff` and `is_superuser`."""
    if not created and (update_fields is None or not LOGIN_ALONE.issuperset(update_fields)):
        control.user_changed([instance.pk])


def _on_user_deleted(instance: Any, **_: Any) -> None:
    control.user_changed([instance.pk])


def _on_rights_changed(instance: Any, action: str, reverse: bool, pk_set: set[Any] | None, **_: Any) -> None:
    """Follow a user's groups or permissions; in *reverse* the instance is the group or the permission."""
    if action in {"post_add", "post_remove"}:
        control.user_changed(pk_set or () if reverse else [instance.pk])
    elif action == "pre_clear":  # Afterwards nobody knows who they were.
        control.user_changed(instance.user_set.values_list("pk", flat=True) if reverse else [instance.pk])


def _on_group_rights_changed(instance: Any, action: str, reverse: bool, pk_set: set[Any] | None, **_: Any) -> None:
    if action in {"post_add", "post_remove"}:
        control.group_changed(pk_set or () if reverse else [instance.pk])
    elif action == "pre_clear":
        control.group_changed(instance.group_set.values_list("pk", flat=True) if reverse else [instance.pk])


def _on_group_deleted(instance: Group, **_: Any) -> None:
    control.group_changed([instance.pk])


def _on_token_saved(instance: ApiToken, created: bool, **_: Any) -> None:
    if not created:
        control.user_changed([instance.user_id])


def _on_token_deleted(instance: ApiToken, **_: Any) -> None:
    control.user_changed([instance.user_id])


def _on_session_deleted(instance: AbstractBaseSession, **_: Any) -> None:
    """Follow logouts. What tidies up sessions that had ended anyway is no news."""
    if instance.expire_date > timezone.now() and (user_id := instance.get_decoded().get(SESSION_KEY)):
        control.user_changed([user_id])
