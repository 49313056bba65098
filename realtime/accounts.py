"""What the audit is told of by Django's signals: logins, accounts, roles, API tokens, and writes in the admin.

Only what commits is told. A queryset's `update()` sends no signal and so tells nothing.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.auth import get_user_model, signals
from django.contrib.auth.models import Group
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.utils import timezone

from realtime import audit
from realtime.audit import Event
from realtime.models import ApiToken

FLAGS: Final = ("is_active", "is_staff", "is_superuser")
WATCHED: Final = frozenset({"password", *FLAGS})
ACTIONS: Final = {ADDITION: "added", DELETION: "deleted"}


def connect_signals() -> None:
    """Follow logins, accounts, roles, API tokens, and the admin's own log."""
    user: Any = get_user_model()
    listeners: list[tuple[Any, Any, Callable[..., None]]] = [
        (signals.user_logged_in, None, _on_login),
        (signals.user_logged_out, None, _on_logout),
        (signals.user_login_failed, None, _on_login_failed),
        (pre_save, user, _before_user_saved),
        (post_save, user, _on_user_saved),
        (post_delete, user, _on_user_deleted),
        (post_save, ApiToken, _on_token_saved),
        (post_delete, ApiToken, _on_token_deleted),
        (post_save, LogEntry, _on_admin_write),
    ]
    listeners += [
        (m2m_changed, user._meta.get_field(name).remote_field.through, _on_rights_changed)
        for name in ("groups", "user_permissions")
    ]
    listeners.append((m2m_changed, Group.permissions.through, _on_rights_changed))
    for signal, sender, listener in listeners:
        signal.connect(listener, sender=sender, dispatch_uid=f"realtime.audit.{listener.__name__}.{sender}")


def _once_committed(event: Event, **details: Any) -> None:
    transaction.on_commit(partial(audit.record, event, **details), robust=True)


def _on_login(user: Any, **_: Any) -> None:
    audit.record(Event.LOGIN, user=user)


def _on_logout(user: Any, **_: Any) -> None:
    if user is not None:
        audit.record(Event.LOGOUT, user=user)


def _on_login_failed(credentials: dict[str, Any], **_: Any) -> None:
    name = get_user_model().USERNAME_FIELD
    audit.record(Event.LOGIN_FAILED, **named(credentials.get(name, credentials.get("username"))))


def named(given: Any) -> dict[str, Any]:
    """Return which account a login is for, but no other name: people type passwords into the wrong field."""
    model = get_user_model()
    try:
        known = isinstance(given, str) and model._default_manager.filter(**{model.USERNAME_FIELD: given}).exists()
    except (DatabaseError, InterfaceError, ValueError):  # ValueError: a NUL, which PostgreSQL takes in no text.
        known = False
    return {"account": given} if known else {"account_exists": False}


def _before_user_saved(instance: Any, update_fields: frozenset[str] | None = None, **_: Any) -> None:
    """Note what the account was, where the save may change what the audit watches."""
    instance._audited = None
    if instance.pk is not None and (update_fields is None or WATCHED & set(update_fields)):
        instance._audited = type(instance)._default_manager.filter(pk=instance.pk).values(*sorted(WATCHED)).first()


def _on_user_saved(instance: Any, created: bool, update_fields: frozenset[str] | None = None, **_: Any) -> None:
    account = _account(instance)
    if created:
        given = [flag for flag in FLAGS[1:] if getattr(instance, flag, False)]
        _once_committed(Event.USER_CREATED, **account, gained=given)
        return
    before, instance._audited = getattr(instance, "_audited", None), None
    if before is None:
        return
    if before["password"] != instance.password and not _is_only_hashed_anew(instance, update_fields):
        _once_committed(Event.PASSWORD_CHANGED, **account)
    changed = [flag for flag in FLAGS if before[flag] != getattr(instance, flag)]
    if "is_active" in changed:
        _once_committed(Event.USER_ACTIVATED if instance.is_active else Event.USER_DEACTIVATED, **account)
    for flag in changed:
        if flag != "is_active":
            _once_committed(Event.ROLE_CHANGED, **account, **{_verb(getattr(instance, flag)): [flag]})


def _is_only_hashed_anew(instance: Any, update_fields: frozenset[str] | None) -> bool:
    """Say whether Django only renewed an older hash of the same password, as it does at a login."""
    return set(update_fields or ()) == {"password"} and getattr(instance, "_password", None) is None


def _on_user_deleted(instance: Any, **_: Any) -> None:
    _once_committed(Event.USER_DELETED, **_account(instance))


def _on_rights_changed(instance: Any, action: str, model: Any, pk_set: set[Any] | None, **_: Any) -> None:
    """Tell who gained or lost what. `instance` is a user, a group or, from the other side, what was given to many."""
    if action not in {"post_add", "post_remove", "pre_clear"} or (pk_set is not None and not pk_set):
        return
    verb = _verb(action == "post_add")
    kind = model._meta.model_name
    if pk_set is None:
        rights: Any = [f"every {kind}"]
    else:
        rights = sorted(f"{kind} {row}" for row in model._default_manager.filter(pk__in=pk_set))
    _once_committed(Event.ROLE_CHANGED, **_account(instance), **{verb: rights})


def _on_token_saved(instance: ApiToken, created: bool, **_: Any) -> None:
    if created:
        expires_at = instance.expiry.isoformat() if instance.expiry else None
        _once_committed(Event.TOKEN_MADE, **_token(instance), expires_at=expires_at)


def _on_token_deleted(instance: ApiToken, **_: Any) -> None:
    """Follow revocations. What tidies up tokens that had ended anyway is no news."""
    if instance.expiry is None or instance.expiry > timezone.now():
        _once_committed(Event.TOKEN_REVOKED, **_token(instance))


def _on_admin_write(instance: LogEntry, created: bool, **_: Any) -> None:
    """Tell what the admin noted: which object, and which fields; neither its name nor its values."""
    if not created:
        return
    kind = instance.content_type
    _once_committed(
        Event.ADMIN_WRITE,
        user=instance.user,
        action=ACTIONS.get(instance.action_flag, "changed"),
        kind=f"{kind.app_label}.{kind.model}" if kind else "",
        object_id=str(instance.object_id or ""),
        fields=_changed_fields(instance.change_message),
    )


def deleted_together(kind: str, object_ids: list[str]) -> None:
    """Tell what was deleted in one go; a single one is in the admin's log, which is followed."""
    for object_id in object_ids if len(object_ids) > 1 else ():
        _once_committed(Event.ADMIN_WRITE, action="deleted", kind=kind, object_id=object_id)


def _changed_fields(message: str) -> list[str]:
    """Return the fields that the admin's message names; free text, which actions may write, is left out."""
    try:
        parts = json.loads(message)
        return sorted({name for part in parts for what in part.values() for name in what.get("fields", ())})
    except (ValueError, AttributeError, TypeError):
        return []


def _account(instance: Any) -> dict[str, str]:
    """Return which user, group or permission it is about, under the names that details have."""
    if isinstance(instance, get_user_model()):
        return {"account": instance.get_username(), "account_id": str(instance.pk)}
    return {instance._meta.model_name: str(instance)}


def _token(instance: ApiToken) -> dict[str, str]:
    return {"token": str(instance.uuid), "name": instance.name, "account": instance.user.get_username()}


def _verb(gained: bool) -> str:
    return "gained" if gained else "lost"
