"""The pages that people see; what they show live comes over the API and the WebSocket."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from notifications.vocabulary import categories

SECTIONS: Final = {
    "dashboard": ("dashboard", "Overview"),
    "inbox": ("inbox-page", "Inbox"),
    "inventory": ("inventory-page", "Inventory"),
    "jobs": ("jobs-page", "Jobs"),
}
"""What the navigation leads to: the icon's name, the name of the URL, and what it is called."""
View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """Return *view* as a page: for people who are signed in, never from a cache.

    Its requests to the API need the CSRF cookie that comes with it.
    """
    return require_safe(never_cache(login_required(ensure_csrf_cookie(view))))


@page
def dashboard(request: HttpRequest) -> HttpResponse:
    """Return the overview."""
    return _shell(request, "dashboard.html", "dashboard")


@page
def inbox(request: HttpRequest) -> HttpResponse:
    """Return the inbox: all of a person's notifications."""
    return _shell(request, "inbox.html", "inbox", more={"categories": dict(categories())})


@page
def inventory(request: HttpRequest) -> HttpResponse:
    """Return the page of all clusters, hosts and VMs."""
    return _shell(request, "inventory.html", "inventory")


@page
def host(request: HttpRequest, host_id: str) -> HttpResponse:
    """Return the page of one host and its VMs. Whether there is such a host, the API says."""
    return _shell(request, "host.html", "inventory", host_id)


@page
def vm(request: HttpRequest, vm_id: str) -> HttpResponse:
    """Return the page of one VM. Whether there is such a VM, the API says."""
    return _shell(request, "vm.html", "inventory", vm_id)


@page
def jobs(request: HttpRequest) -> HttpResponse:
    """Return the page of all jobs."""
    return _shell(request, "jobs.html", "jobs")


@page
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Return the page of one job and its output. Whether there is such a job, the API says."""
    return _shell(request, "job.html", "jobs", job_id)


def _shell(
    request: HttpRequest, template: str, section: str, object_id: str = "", more: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Render a page inside the shell; its scripts find *object_id* and *more* in `#config-data`."""
    context = {
        **page_context(),
        "navigation": [
            {
                "name": name,
                "title": title,
                "url": reverse(url_name),
                # On a page of one object, its section is where the person is, but not the page that they are on.
                "current": ("true" if object_id else "page") if name == section else "",
            }
            for name, (url_name, title) in SECTIONS.items()
        ],
        "object_id": object_id,
        "config": page_config(request.user) | {"object_id": object_id} | dict(more or {}),
    }
    return render(request, template, context)


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
            "may_change_jobs": user.has_perm("jobs.change_job"),  # type: ignore[union-attr]
        },
    }
