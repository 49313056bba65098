"""What the OpenAPI schema says beyond the views: how to log in, which errors there are, and the other routes.

Importing this module is what registers the ways to log in; `complete` is a postprocessing hook of drf-spectacular.
"""

import copy
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from realtime.api.problems import MEDIA_TYPE
from realtime.api.routes import ROUTES

METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
WRITING: Final = frozenset({"put", "post", "delete", "patch"})
STREAMS: Final = frozenset({"/api/v1/stream", "/api/v1/changes"})
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "description": "The same as in `X-Request-ID`; the server's log has it."},
        "errors": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {}},
            "description": "Each with `field`, `rule` and `detail`.",
        },
    },
    "required": ["detail", "status", "title", "type"],
}
UNREADABLE: Final = "The query is invalid; `detail` says which part."
MEANINGS: Final = {
    401: "Nobody is logged in.",
    403: "A permission or the CSRF token is missing, or a page of another site asks; `detail` says which.",
    413: "The body is larger than the server reads.",
    415: "The body is not JSON.",
    429: "Too many requests, or connections, or new ones at once; `Retry-After` says when to try again.",
    503: "The database is busy or away; `Retry-After` says when to try again.",
}
RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
RATE_LIMIT: Final = {
    "RateLimit-Policy": {
        "description": "The quota of the caller's role: `q` requests in `w` seconds.",
        "schema": {"type": "string"},
        "example": '"reader";q=1200;w=60',
    },
    "RateLimit": {
        "description": "What is left of it: `r` requests, for `t` seconds.",
        "schema": {"type": "string"},
        "example": '"reader";r=1199;t=42',
    },
}


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


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tell the schema of API tokens."""

    target_class = "realtime.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return where a token travels."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token; `Token` in place of `Bearer` will do.",
        }


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the routes that are no views, and to each operation the errors that stand before every view.

    All errors become `application/problem+json`; the answers of the health routes, which are public, stay as they are.
    """
    paths = result.setdefault("paths", {})
    views = [(path, *operation) for path, item in paths.items() for operation in _operations(item)]
    paths.update(copy.deepcopy(ROUTES))
    views += [(path, *operation) for path in STREAMS for operation in _operations(paths[path])]
    result.setdefault("components", {}).setdefault("schemas", {}).setdefault("Problem", copy.deepcopy(PROBLEM))
    for path, method, operation in views:
        responses = operation["responses"]
        for status in _before_the_view(path, method, operation):
            responses.setdefault(str(status), {"description": MEANINGS.get(status, UNREADABLE)})
        for status, response in responses.items():
            if status >= "400":
                response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        _describe_headers(path, responses)
        operation["responses"] = dict(sorted(responses.items()))
    result["paths"] = dict(sorted(paths.items()))
    return result


def _operations(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((method, operation) for method, operation in item.items() if method in METHODS)


def _describe_headers(path: str, responses: dict[str, Any]) -> None:
    for status in ("429", "503"):
        responses[status].setdefault("headers", {}).update(RETRY_AFTER)
    for status, response in responses.items():
        if path not in STREAMS and (status < "400" or status == "429"):
            response.setdefault("headers", {}).update(RATE_LIMIT)


def _before_the_view(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    """Return the statuses with which an operation may be refused before its view decides anything."""
    statuses = [401, 429, 503]
    if path in STREAMS:
        statuses += [400, 403]
    if method in WRITING:
        statuses += [403]
    if "requestBody" in operation:
        statuses += [413, 415]
    return statuses
