"""The admin in the time zone of whoever looks at it: their browser says in a cookie which one that is."""

import zoneinfo
from collections.abc import Callable
from functools import cache
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE: Final = "time_zone"
PATH: Final = "/admin/"


class TimeZoneMiddleware:
    """Show and read the admin's times in the browser's zone; where it says none that is known, in the server's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response as it is."""
        name = request.COOKIES.get(COOKIE, "") if request.path_info.startswith(PATH) else ""
        if name not in _names():
            return self._get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return self._get_response(request)


@cache
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
