"""The pages that people see; what they show live comes over the API and the WebSocket."""

from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe


@require_safe
@never_cache
@login_required
@ensure_csrf_cookie
def dashboard(request: HttpRequest) -> HttpResponse:
    """Return the dashboard; its requests to the API need the CSRF cookie that comes with it."""
    return render(request, "dashboard.html", {**page_context(), "config": page_config(request.user)})


def page_context() -> dict[str, Any]:
    """Return what the header of every page shows."""
    return {
        "app_name": settings.APP_NAME,
        "environment_name": settings.ENVIRONMENT_NAME,
        "auth_enabled": settings.AUTH_ENABLED,
    }


def page_config(user: AbstractBaseUser | AnonymousUser) -> dict[str, Any]:
    """Return what the page's scripts read from `#config-data`; times are in milliseconds."""
    return page_context() | {
        "websocket_refresh_time": round(settings.WEBSOCKET_REFRESH_TIME * 1000),
        "websocket_ping_interval": round(settings.WEBSOCKET_PING_INTERVAL * 1000),
        "user": {
            "name": user.get_username(),
            "permissions": {
                action: user.has_perm(f"notifications.{action}_notification")  # type: ignore[union-attr]
                for action in ("add", "change", "delete")
            },
        },
    }
