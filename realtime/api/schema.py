"""What the OpenAPI schema says of logging in. Importing this module is what registers it."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class LocalOperatorScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tell the schema nothing of the local operator: it is no way to log in."""

    target_class = "realtime.api.authentication.LocalOperatorAuthentication"
    name: list[str] = []

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        """Return that nothing is required."""
        return []

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, str]]:
        """Return that there is nothing to define."""
        return []


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tell the schema of the session's cookie."""

    target_class = "realtime.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return where the session travels."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
