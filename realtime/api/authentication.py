"""Who is asking the API."""

from typing import TYPE_CHECKING

from rest_framework import authentication
from rest_framework.request import Request

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


class LocalOperatorAuthentication(authentication.BaseAuthentication):
    """The local operator, where the middleware has checked that it may be; without a CSRF token."""

    def authenticate(self, request: Request) -> "tuple[AbstractBaseUser, None] | None":
        """Return the operator, or None where login is on."""
        if not getattr(request._request, "local_operator", False):
            return None
        return request._request.user, None  # type: ignore[return-value]

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401; DRF asks the first class, and without one it would answer 403."""
        return SessionAuthentication().authenticate_header(request)


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session, with CSRF protection, and with 401 instead of 403 for whoever has none."""

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401: a scheme of our own, since browsers ask for a password at known ones."""
        return 'Session realm="api"'
