"""Who is asking the API."""

from typing import TYPE_CHECKING, Final

from django.contrib.auth.models import AnonymousUser
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from realtime import audit, auth, credentials
from realtime.audit import Event
from realtime.identity import OPERATOR, Claim, Credential

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

CHALLENGES: Final = 'Session realm="api", Token realm="api"'
"""The challenges of a 401: schemes of which none makes a browser ask for a password."""
INVALID: Final = "The token is not valid, or has ended."


def claim_of(request: Request) -> Claim:
    """Return the claim that *request* was let in by. Raises: NotAuthenticated."""
    if isinstance(request.auth, Credential):
        return request.auth.claim
    if getattr(request._request, "local_operator", False):
        return OPERATOR
    if key := request._request.session.session_key:
        return Claim("session", key)
    raise NotAuthenticated


class LocalOperatorAuthentication(authentication.BaseAuthentication):
    """The local operator, where the middleware has checked that it may be; without a CSRF token."""

    def authenticate(self, request: Request) -> "tuple[AbstractBaseUser, None] | None":
        """Return the operator, or None where login is on."""
        if not getattr(request._request, "local_operator", False):
            return None
        return request._request.user, None  # type: ignore[return-value]

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401; DRF asks the first class, and without one it would answer 403."""
        return CHALLENGES


class TokenAuthentication(authentication.BaseAuthentication):
    """An API token, in `Authorization: Token …` or `Bearer …`.

    Without a CSRF token, since no browser sends such a header by itself.
    """

    def authenticate(self, request: Request) -> "tuple[AbstractBaseUser, Credential] | None":
        """Return the token's user and the credential; None where the header has no token.

        Raises: AuthenticationFailed, where it is not valid; then no session counts either.
        """
        token = auth.token_of(request.headers.get("Authorization", ""))
        if token is None:
            return None
        identity = credentials.of_token(token)
        if identity is None:
            # Whose session came with it does not count, and is not looked up for the audit.
            audit.record(Event.UNAUTHORIZED, user=AnonymousUser(), transport="rest", reason=INVALID)
            raise AuthenticationFailed(INVALID)
        token_id = identity.credential.claim.id
        audit.record(Event.TOKEN_USED, user=identity.user, transport="rest", token=token_id)
        return identity.user, identity.credential

    def authenticate_header(self, request: Request) -> str:
        """Return the challenges of a 401."""
        return CHALLENGES


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session, with CSRF protection, and with 401 instead of 403 for whoever has none."""

    def authenticate_header(self, request: Request) -> str:
        """Return the challenges of a 401."""
        return CHALLENGES
