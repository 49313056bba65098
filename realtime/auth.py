"""Who is this: the identity behind a WebSocket handshake."""

import logging
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from realtime import local_operator
from realtime.identity import Identity, identity_of

logger = logging.getLogger(__name__)


class Refused(Exception):
    """The handshake is refused before anything is accepted (HTTP 403): it comes from where it must not."""


class Unauthorized(Exception):
    """Credentials were given and are not valid (any more)."""


def identify(scope: Mapping[str, Any]) -> Identity | None:
    """Return who opens the WebSocket or the event stream that *scope* describes; None where nothing says so.

    May query the database. Raises: Refused, Unauthorized.
    """
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host, origin = headers.get(b"host", ""), headers.get(b"origin")
    if local_operator.enabled():
        peer = (scope.get("client") or (None,))[0]
        if reason := local_operator.refusal(peer=peer, host=host, origin=origin, scheme=scope.get("scheme", "ws")):
            raise Refused(reason)
        return identity_of(local_operator.operator())
    _check_origin(host, origin)
    key = _cookie(headers.get(b"cookie", ""), settings.SESSION_COOKIE_NAME)
    if key is None:
        return None
    if origin is None and scope["type"] == "websocket":  # Browsers send none with a GET of their own site.
        raise Refused("A handshake that carries a session cookie needs an Origin.")
    user = _user_of_session(key)
    if user is None:
        raise Unauthorized("The session has ended.")
    return identity_of(user)


def _check_origin(host: str, origin: str | None) -> None:
    """Refuse a browser page of another site (cross-site WebSocket hijacking); scripts send no Origin."""
    domain, _ = split_domain_port(host)
    if not validate_host(domain, settings.ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]):
        raise Refused("Host is not in ALLOWED_HOSTS.")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return
    try:
        parts = urlsplit(origin)
    except ValueError as error:
        raise Refused("Origin is no URL.") from error
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() != host.lower():
        raise Refused("Origin is another site; CSRF_TRUSTED_ORIGINS lists those that may connect.")


def _user_of_session(key: str) -> AbstractBaseUser | None:
    """Return the active user that the session *key* is logged in as."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = auth.get_user(request)
    return user if user.is_authenticated and user.is_active else None


def _cookie(header: str, name: str) -> str | None:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None
