"""Content-Security-Policy: what a page may load, and where it may send, should a script ever get into it.

https://www.w3.org/TR/CSP3/
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

HEADER: Final = "Content-Security-Policy"
Policy = Mapping[str, str]

PAGES: Final[Policy] = {
    "default-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""Our own pages: nothing inline, nothing from elsewhere."""
DOCS: Final[Policy] = {**PAGES, "style-src": "'self' 'unsafe-inline'", "img-src": "'self' data:"}
"""Swagger UI writes its styles into the page, and its pictures into its styles."""
ADMIN: Final[Policy] = {**PAGES, "img-src": "'self' data:"}
"""Django's admin has nothing inline but the arrows of its lists of choices."""
ELSEWHERE: Final[Mapping[str, Policy]] = {"/admin/": ADMIN, "/api/docs": DOCS}
DEBUG_PAGES: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR})
"""What Django answers with pages of its own in DEBUG, whose styles and scripts are inline."""


class ContentSecurityMiddleware:
    """Send the policy with every answer that has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response with its policy."""
        response = self._get_response(request)
        if not (settings.DEBUG and response.status_code in DEBUG_PAGES):
            response.headers.setdefault(HEADER, policy(request))
        return response


def policy(request: HttpRequest) -> str:
    """Return the policy for the page that is asked for."""
    found = next((policy for start, policy in ELSEWHERE.items() if request.path_info.startswith(start)), PAGES)
    merged = {**found, "connect-src": " ".join([found["connect-src"], *_sockets(request)])}
    return "; ".join(f"{directive} {sources}" for directive, sources in merged.items())


def _sockets(request: HttpRequest) -> list[str]:
    """Return this host's WebSockets, which older browsers do not count to 'self'."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return []
    return [] if "[" in host else [f"ws://{host}", f"wss://{host}"]  # A policy cannot spell an IPv6 address.
