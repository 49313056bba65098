"""/healthz and /readyz: is the process alive, and can it serve."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from realtime import node as nodes
from realtime import protocol
from realtime.api import problems

OK: Final = "ok"
DEGRADED: Final = "degraded"
FAILED: Final = "failed"


def database() -> str:
    """Ask the database for nothing.

    Raises: django.db.Error, where it does not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def node() -> str:
    """Look whether this process still takes clients.

    Raises: RuntimeError, while it hands its clients over.
    """
    if (here := nodes.here()) and here.draining:
        raise RuntimeError("It hands its clients over, since it is about to end.")
    return OK


def channel_layer() -> str:
    """Look whether the channel layer answers; without it delivery is slower, so the process serves all the same."""
    here = nodes.here()
    return DEGRADED if here and here.broker.degraded else OK


readiness: list[Callable[[], str]] = [database, node, channel_layer]
"""What /readyz looks at; each answers how it is, or raises an exception that says why this process cannot serve."""


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer that the process lives, without touching the database or the channel layer."""
    return JsonResponse(_about("healthy"))


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether this process can serve: 200, `degraded` where something is slower, or 503 with what is missing."""
    checks: dict[str, str] = {}
    for check in readiness:
        try:
            checks[check.__name__] = check()
        except (Error, OSError, RuntimeError) as error:
            problems.logger.warning("Not ready: %s: %s", check.__name__, error)
            checks[check.__name__] = FAILED
    if FAILED in checks.values():
        return JsonResponse(_about("unavailable") | {"checks": checks}, status=503, headers=problems.RETRY)
    return JsonResponse(_about(DEGRADED if DEGRADED in checks.values() else "ready") | {"checks": checks})


def _about(status: str) -> dict[str, Any]:
    return {
        "status": status,
        "version": getattr(settings, "APP_VERSION", ""),
        "timestamp": protocol.timestamp(),
        "build": {
            "commit": getattr(settings, "BUILD_COMMIT", "") or None,
            "time": getattr(settings, "BUILD_TIME", "") or None,
        },
    }
