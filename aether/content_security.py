"""What the browser is told with every answer: above all what a page may load, and where it may send.

https://www.w3.org/TR/CSP3/ and https://www.w3.org/TR/trusted-types/
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
"""Nothing inline, nothing from elsewhere."""
OURS: Final[Policy] = {**PAGES, "require-trusted-types-for": "'script'", "trusted-types": "'none'"}
"""Our own pages: the browser refuses to read any text as markup or as a script, whoever asks for it."""
PICTURES: Final[Policy] = {**PAGES, "img-src": "'self' data:"}
"""Swagger UI, and Django's admin, have pictures in their styles."""
ELSEWHERE: Final[Mapping[str, Policy]] = {"/admin/": PICTURES, "/api/docs": PICTURES}
UNUSED: Final = ("camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment", "serial", "usb")
ALWAYS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # For browsers that do not know frame-ancestors.
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
}
"""What every answer says, one that comes from before Django's own middleware included."""
DEBUG_PAGES: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR})
"""What Django answers with pages of its own in DEBUG, whose styles and scripts are inline."""


class ContentSecurityMiddleware:
    """Send the policy and the other headers with every answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response with its headers."""
        response = self._get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if not (settings.DEBUG and response.status_code in DEBUG_PAGES):
            response.headers.setdefault(HEADER, policy(request))
        return response


def policy(request: HttpRequest) -> str:
    """Return the policy for the page that is asked for."""
    found = next((policy for start, policy in ELSEWHERE.items() if request.path_info.startswith(start)), OURS)
    merged = {**found, "connect-src": " ".join([found["connect-src"], *_sockets(request)])}
    return "; ".join(f"{directive} {sources}" for directive, sources in merged.items())


def _sockets(request: HttpRequest) -> list[str]:
    """Return this host's WebSockets, which older browsers do not count to 'self'."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return []
    return [] if "[" in host else [f"ws://{host}", f"wss://{host}"]  # A policy cannot spell an IPv6 address.
