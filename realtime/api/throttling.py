"""How many requests to REST each role has per minute, and the headers that say so.

Counted in Django's cache, so on all nodes together where that is Redis or Valkey; while it is away each process counts
for itself. The headers are those of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import BaseCache, cache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest, HttpResponseBase
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from realtime import limits
from realtime.refusals import refusals

logger = logging.getLogger(__name__)

WINDOW: Final = 60
"""Seconds that a quota is for."""
ANONYMOUS: Final = "anonymous"
LEAST: Final = "Reader"
"""The role of a user who is in no user group that has one."""
MOST: Final = "Admin"
"""The role of superusers."""
AWAY: Final = 5.0
"""Seconds for which a cache that failed is not asked again, so that few requests wait for it."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What one client has left of its quota; *reset* is in seconds, and *left* below zero says that it is over."""

    role: str
    limit: int
    left: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer."""
        policy = f'"{self.role.lower()}"'
        return {
            "RateLimit-Policy": f"{policy};q={self.limit};w={WINDOW}",
            "RateLimit": f"{policy};r={max(self.left, 0)};t={self.reset}",
        }


class Counter:
    """Count in Django's cache, or while that is away in this process."""

    def __init__(self, clock: limits.Clock = time.monotonic) -> None:
        self._own = LocMemCache("throttling", {"OPTIONS": {"MAX_ENTRIES": limits.REMEMBERED}})
        self._clock = clock
        self._away_until = -math.inf

    def add(self, key: str) -> int:
        """Count one more of *key* and return how many there are."""
        if self._clock() >= self._away_until:
            try:
                return _increment(cache, key)
            except (RedisError, OSError) as error:
                self._away_until = self._clock() + AWAY
                logger.warning("Requests are counted in this process alone, since the cache is away: %s", error)
        return _increment(self._own, key)


counter = Counter()
"""This process's."""


class RoleThrottle(BaseThrottle):
    """Give each user the quota of their role: one for their pages, and one for their tokens."""

    quota: Quota | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; False where the quota is used up."""
        self.quota = spend(request)
        return self.quota is None or self.quota.left >= 0

    def wait(self) -> float | None:
        """Return the seconds until there is a new quota."""
        return self.quota.reset if self.quota else None


class RateLimitMiddleware:
    """Tell with every answer of the API what is left of the client's quota."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response with the headers."""
        response = self._get_response(request)
        quota: Quota | None = getattr(request, "quota", None)
        for name, value in quota.headers.items() if quota else ():
            response[name] = value
        return response


def spend(request: Request | HttpRequest, *, anonymous: bool = False) -> Quota | None:
    """Count *request* for who sent it and return what they have left; None where they have no limit.

    With *anonymous* it counts for its address alone: its credentials are no good.
    """
    address = request.META.get("REMOTE_ADDR", "")
    user = None if anonymous or not request.user.is_authenticated else request.user
    role = role_of(user)
    limit = settings.THROTTLES[role]
    if not limit:
        return None
    who = limits.network(address) or address
    if user is not None:
        who = f"{user.pk}:{'session' if getattr(request, 'auth', None) is None else 'token'}"
    now = time.time() + crc32(who.encode()) % WINDOW  # Not everyone's minute begins at once.
    used = counter.add(f"throttle:{role}:{who}:{int(now // WINDOW)}")
    quota = Quota(role, limit, limit - used, math.ceil(WINDOW - now % WINDOW))
    carrier: Any = getattr(request, "_request", request)
    carrier.quota = quota
    if quota.left < 0:
        refusals.record("REST", user=user or AnonymousUser(), address=address, transport="rest", role=role)
    return quota


def role_of(user: Any) -> str:
    """Return the role of *user*, None being nobody: of the user groups that are roles, the one with the largest quota.

    Queries the database.
    """
    if user is None:
        return ANONYMOUS
    if user.is_superuser:
        return MOST
    roles = [name for name in user.groups.values_list("name", flat=True) if name in settings.THROTTLES]
    return max(roles, key=lambda role: settings.THROTTLES[role] or math.inf, default=LEAST)


def _increment(counted_in: BaseCache, key: str) -> int:
    """Add one to *key*, which ends with its window."""
    try:
        return counted_in.incr(key)
    except ValueError:  # It is not there yet.
        return 1 if counted_in.add(key, 1, timeout=2 * WINDOW) else counted_in.incr(key)
