"""Whether credentials hold: looked up when somebody connects, and again whenever something about them changes.

Many are looked up with the same four queries as one: sessions, tokens, the sessions' users, the users' groups.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from realtime import local_operator, memberships, tokens
from realtime.identity import OPERATOR, Claim, Credential, Identity, identity_of

Found = tuple[AbstractBaseUser, Credential]


def verify(claims: Iterable[Claim]) -> dict[Claim, Identity]:
    """Return who each of *claims* is by now; one that no longer holds is left out. Queries the database.

    Two credentials of one user share the user's object, and with it what that caches of permissions.
    """
    wanted = set(claims)
    found = _sessions({claim.key for claim in wanted if claim.kind == "session"})
    found |= _tokens({claim.key for claim in wanted if claim.kind == "token"})
    if OPERATOR in wanted and local_operator.enabled():
        found[OPERATOR] = local_operator.operator(), Credential()
    users = {user.pk: user for user, _ in found.values()}
    memberships.prefetch(list(users.values()))
    return {claim: identity_of(users[user.pk], credential) for claim, (user, credential) in found.items()}


def verify_each(claims: Sequence[Claim]) -> list[Identity | None]:
    """Return the same, in the order of *claims*."""
    found = verify(claims)
    return [found.get(claim) for claim in claims]


def of_token(secret: str) -> Identity | None:
    """Return whose API token *secret* is; None where it is nobody's or has ended. Queries the database."""
    token = tokens.find(secret)
    return identity_of(token.user, _credential(token)) if token else None


def session_store() -> type[SessionBase]:
    """Return the class of the sessions that the settings choose."""
    store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
    return store


def _sessions(keys: set[str]) -> dict[Claim, Found]:
    # What no session can have for a key is not asked for: PostgreSQL refuses NUL, and with it everyone in the query.
    possible = {key for key in keys if "\0" not in key and session_store()(key).session_key}
    opened = _open(possible) if possible else {}
    user_ids = {key: pk for key, (data, _) in opened.items() if (pk := _user_id(data)) is not None}
    users = get_user_model()._default_manager.filter(is_active=True).in_bulk(set(user_ids.values()))
    found: dict[Claim, Found] = {}
    for key, pk in user_ids.items():
        data, expires_at = opened[key]
        if (user := users.get(pk)) is not None and _logged_in(data, user):
            claim = Claim("session", key)
            found[claim] = user, Credential(claim, expires_at)
    return found


def _open(keys: set[str]) -> dict[str, tuple[Mapping[str, Any], datetime]]:
    """Return the data and the end of each session; where the database holds them, with one query."""
    store = session_store()
    if hasattr(store, "get_model_class"):
        rows = store.get_model_class().objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
        return {row.session_key: (row.get_decoded(), row.expire_date) for row in rows}
    sessions = {key: store(key) for key in keys}
    return {key: (dict(one.items()), one.get_expiry_date()) for key, one in sessions.items()}


def _user_id(data: Mapping[str, Any]) -> Any:
    try:
        return get_user_model()._meta.pk.to_python(data[SESSION_KEY])
    except (KeyError, ValidationError):
        return None


def _logged_in(data: Mapping[str, Any], user: AbstractBaseUser) -> bool:
    """Say whether a session is a login of *user*: by a backend that counts, and with the password of now.

    As `django.contrib.auth.get_user`, which however writes: it ends the session, or renews its key in a cookie that a
    WebSocket has no way to set.
    """
    held = data.get(HASH_SESSION_KEY, "")
    valid = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS and any(
        constant_time_compare(held, one) for one in valid
    )


def _tokens(ids: set[str]) -> dict[Claim, Found]:
    found = [(token.user, _credential(token)) for token in tokens.live(ids)] if ids else []
    return {credential.claim: (user, credential) for user, credential in found}


def _credential(token: Any) -> Credential:
    return Credential(Claim("token", str(token.uuid)), token.expiry)
