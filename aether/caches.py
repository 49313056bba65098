"""Django's cache: in Redis or Valkey for all processes, or in each one's memory."""

from typing import Any, Final

from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE: Final = 0.5
"""Seconds that the server has for an answer; a request does without it rather than wait."""
ENTRIES: Final = 10_000
"""What a process keeps in memory."""


def default(redis_url: str, prefix: str) -> dict[str, Any]:
    """Return the entry of CACHES."""
    if not redis_url:
        backend = "django.core.cache.backends.locmem.LocMemCache"
        return {"BACKEND": backend, "KEY_PREFIX": prefix, "OPTIONS": {"MAX_ENTRIES": ENTRIES}}
    patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0)}
    backend = "django.core.cache.backends.redis.RedisCache"
    return {"BACKEND": backend, "LOCATION": redis_url, "KEY_PREFIX": f"{prefix}:cache", "OPTIONS": patience}
