"""Who is this: the identity behind a handshake, a request for a stream, or an `auth` message.

In a handshake the `Authorization` header counts before the session cookie, and the local operator, while login is off,
before both. No credential is ever taken from a URL, which ends up in logs.
"""

import logging
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from realtime import credentials, local_operator, tickets
from realtime.identity import OPERATOR, Claim, Identity
from realtime.protocol import Auth

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)

SCHEMES: Final = frozenset({"token", "bearer"})
"""Of the `Authorization` header, for API tokens. Any other is somebody else's: a proxy may ask for a password."""


class Refused(Exception):
    """The handshake is refused before anything is accepted (HTTP 403): it comes from where it must not."""


class Unauthorized(Exception):
    """Credentials were given and are not valid (any more)."""


async def identify(here: "Node", scope: Mapping[str, Any]) -> Identity | None:
    """Return who opens the WebSocket or the event stream that *scope* describes; None where nothing says so.

    Sessions of a crowd that comes back at once are looked up together. Raises: Refused, Unauthorized, DatabaseError.
    """
    match claimed(scope):
        case None:
            return None
        case Claim() as claim:
            return _known(await here.verifying.ask(claim), "The session has ended.")
        case token:
            return _known(await here.run(credentials.of_token, token), "The token is not valid, or has ended.")


def claimed(scope: Mapping[str, Any]) -> Claim | str | None:
    """Return what *scope* says to be by: a claim, an API token, or nothing. Queries nothing. Raises: Refused."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host, origin = headers.get(b"host", ""), headers.get(b"origin")
    if local_operator.enabled():
        peer = (scope.get("client") or (None,))[0]
        if reason := local_operator.refusal(peer=peer, host=host, origin=origin, scheme=scope.get("scheme", "ws")):
            raise Refused(reason)
        return OPERATOR
    _check_origin(host, origin, secure=scope.get("scheme") in {"https", "wss"})
    if (token := token_of(headers.get(b"authorization", ""))) is not None:
        return token
    key = _cookie(headers.get(b"cookie", ""), settings.SESSION_COOKIE_NAME)
    if key is None:
        return None
    if origin is None and scope["type"] == "websocket":  # Browsers send none with a GET of their own site.
        raise Refused("A handshake that carries a session cookie needs an Origin.")
    return Claim("session", key)


def identify_by(message: Auth) -> Identity:
    """Return whose ticket or token an `auth` message brings; a ticket is used up by it.

    May query the database. Raises: Unauthorized.
    """
    if message.ticket is not None:
        return _known(tickets.use(message.ticket), "The ticket is not valid, was used, or has ended.")
    return _known(credentials.of_token(message.token or ""), "The token is not valid, or has ended.")


def token_of(header: str) -> str | None:
    """Return the API token of an `Authorization` header; None where it has none, empty where that is malformed."""
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() not in SCHEMES:
        return None
    token = token.strip()
    return "" if " " in token else token


def _known(identity: Identity | None, otherwise: str) -> Identity:
    if identity is None:
        raise Unauthorized(otherwise)
    return identity


def _check_origin(host: str, origin: str | None, *, secure: bool) -> None:
    """Refuse a browser page of another site (cross-site WebSocket hijacking); scripts send no Origin.

    To a connection over TLS the same host without TLS is another site: anyone on the way can serve its pages.
    """
    domain, _ = split_domain_port(host)
    if not validate_host(domain, settings.ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]):
        raise Refused("Host is not in ALLOWED_HOSTS.")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return
    try:
        parts = urlsplit(origin)
    except ValueError as error:
        raise Refused("Origin is no URL.") from error
    schemes = {"https"} if secure else {"http", "https"}
    if parts.scheme not in schemes or parts.netloc.lower() != host.lower():
        raise Refused("Origin is another site; CSRF_TRUSTED_ORIGINS lists those that may connect.")


def _cookie(header: str, name: str) -> str | None:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None
