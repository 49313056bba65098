"""What stands before every password that is checked."""

from typing import Any

from axes.backends import AxesStandaloneBackend
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


class PasswordGate(AxesStandaloneBackend):  # type: ignore[misc]  # axes has no types.
    """Let no password be tried where single sign-on is the only way, or after too many wrong ones."""

    def authenticate(self, request: HttpRequest | None, *args: Any, **credentials: Any) -> None:
        """Return nothing: the next backend decides. Raises: PermissionDenied, which ends the attempt."""
        if settings.OIDC_ONLY:
            raise PermissionDenied("Passwords are turned off by OIDC_ONLY.")
        if request is not None:  # Without one it is a program of our own that asks, and no address to lock out.
            super().authenticate(request, *args, **credentials)
