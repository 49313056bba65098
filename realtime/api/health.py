"""/healthz and /readyz: is the process alive, and can it serve."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from realtime.api import problems


def database() -> None:
    """Ask the database for nothing.

    Raises: django.db.Error, where it does not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


readiness: list[Callable[[], None]] = [database]
"""What must work before this process can serve; each raises an exception that says why it does not."""


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
    """Answer whether this process can serve: 200, or 503 with what is missing."""
    failed: dict[str, str] = {}
    for check in readiness:
        try:
            check()
        except (Error, OSError, RuntimeError) as error:
            problems.logger.warning("Not ready: %s: %s", check.__name__, error)
            failed[check.__name__] = "failed"
    checks = {check.__name__: failed.get(check.__name__, "ok") for check in readiness}
    body = _about("unavailable" if failed else "ready") | {"checks": checks}
    return JsonResponse(body, status=503, headers=problems.RETRY) if failed else JsonResponse(body)


def _about(status: str) -> dict[str, Any]:
    return {
        "status": status,
        "version": getattr(settings, "APP_VERSION", ""),
        "timestamp": timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "build": {
            "commit": getattr(settings, "BUILD_COMMIT", "") or None,
            "time": getattr(settings, "BUILD_TIME", "") or None,
        },
    }
