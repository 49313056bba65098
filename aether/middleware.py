"""What stands between a request and its view: health, static files, the operator, the Host, the login, the database."""

import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import middleware as auth
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from realtime import audit, local_operator
from realtime.api import health, metrics, problems

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
HEALTH: Final = {"/healthz": health.healthz, "/readyz": health.readyz}
METRICS: Final = "/metrics"


class HealthMiddleware:
    """Answer the health routes to anyone: those who probe use http, and this machine's address as the Host.

    So do scrapers, who get the metrics for their token; without it they meet everything that stands before a view.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the health, or what else is asked for."""
        if request.path_info == METRICS and metrics.has_token(request):
            return metrics.metrics(request)
        return HEALTH.get(request.path_info, self._get_response)(request)


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # It has no types.
    """WhiteNoise, answering with whole files: Django under ASGI would warn about each file that is streamed."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Return the file, a part of it, or 304."""
        found = static_file.get_response(request.method, request.META)
        with contextlib.closing(found.file) if found.file else contextlib.nullcontext():
            response = HttpResponse(found.file.read() if found.file else b"", status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response


class LocalOperatorMiddleware:
    """Make everyone the local operator while login is off, and refuse whoever is not on this machine.

    Stands before whatever looks at the Host, so that each refusal is of one kind. `request.local_operator` tells the
    API that no CSRF token is needed: a foreign page is refused by its Origin, and by the JSON that a form cannot send.
    Elsewhere, the admin included, Django's CSRF protection holds.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, or the refusal."""
        if not local_operator.enabled():
            return self._get_response(request)
        why = local_operator.refusal(
            peer=request.META.get("REMOTE_ADDR"),
            host=request.META.get("HTTP_HOST"),
            origin=request.META.get("HTTP_ORIGIN"),
            scheme=request.scheme or "http",
        )
        if why:
            return refuse(request, why)
        if problems.is_api(request) and not _is_json(request):
            return problems.problem(415, "While login is off, a request's body must be application/json.")
        request.local_operator = True  # type: ignore[attr-defined]
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        """Replace the session's user, which is known only by now."""
        if getattr(request, "local_operator", False):
            request.user = SimpleLazyObject(local_operator.operator)  # type: ignore[assignment]


class KnownHostMiddleware:
    """Answer a Host that is not ours with 400, and say in words what would make it ours.

    Stands before whatever else asks for the Host: Django would log a traceback for each such request, and in DEBUG show
    it to a person who only opened the server by another of its names.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, or the refusal."""
        try:
            request.get_host()
        except DisallowedHost:
            return unknown_host(request)
        return self._get_response(request)


class AuditMiddleware:
    """Let the audit know whose request it is; the user is looked at only where something is recorded."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response as it is."""
        with audit.acting(request):
            return self._get_response(request)


class LoginRequiredMiddleware(auth.LoginRequiredMiddleware):
    """Ask for a login everywhere, and tell a database that is away from a person who is not logged in."""

    def process_view(self, request: HttpRequest, view_func: Any, *args: Any) -> HttpResponseBase | None:
        """Return the way to the login page, or None to go on.

        Views without a login come first: they must answer while the database is away, which holds the sessions.
        """
        if not getattr(view_func, "login_required", True):
            return None
        try:
            response: HttpResponseBase | None = super().process_view(request, view_func, *args)
        except (OperationalError, InterfaceError) as error:
            return away(request, error)
        return response


class DatabaseAwayMiddleware:
    """Answer 503 with Retry-After where a view failed because the database is locked or away."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response as it is."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Return the answer to a failed view, or None for another failure."""
        return away(request, exception) if problems.is_database_away(exception) else None


def away(request: HttpRequest, error: Exception) -> HttpResponseBase:
    """Return the 503 for a database that is locked or away.

    Raises: *error* again, where it is something else.
    """
    if not isinstance(error, DatabaseError | InterfaceError) or not problems.is_database_away(error):
        raise error
    if problems.is_api(request):
        return problems.database_away(error)
    problems.log_database_away(error)
    text = "The database is busy or away for the moment. This page can be loaded again in a few seconds."
    return HttpResponse(text, status=503, headers=problems.RETRY, content_type="text/plain; charset=utf-8")


def unknown_host(request: HttpRequest) -> HttpResponse:
    """Return the 400 for a Host that is not in ALLOWED_HOSTS; a possible name comes with the remedy."""
    name, _ = split_domain_port(request.META.get("HTTP_HOST", ""))
    why = "The request's Host is no name that a server can have."
    if name:
        why = f"The server does not answer to the name {name}. If it is one of its names, add it to ALLOWED_HOSTS"
        # The other names are told to whoever develops, and to no stranger.
        why += f": ALLOWED_HOSTS={','.join([*settings.ALLOWED_HOSTS, name])}" if settings.DEBUG else "."
    logger.warning("Refused a request for the host %.100r, which is not in ALLOWED_HOSTS.", name)
    if problems.is_api(request):
        return problems.problem(400, why)
    return HttpResponse(why, status=400, content_type="text/plain; charset=utf-8")


def refuse(request: HttpRequest, why: str) -> HttpResponse:
    """Return a 403 that says *why*: a problem for the API, a page otherwise."""
    audit.record(audit.Event.REFUSED, address=request.META.get("REMOTE_ADDR"), transport="http", reason=why)
    if problems.is_api(request):
        return problems.problem(403, why)
    return render(request, "refused.html", {"why": why}, status=403)


def _is_json(request: HttpRequest) -> bool:
    """Return whether the request has no body, or a JSON one."""
    if request.method in SAFE:
        return True
    if not request.content_type:
        return request.META.get("CONTENT_LENGTH") in (None, "", "0") and "HTTP_TRANSFER_ENCODING" not in request.META
    return request.content_type == "application/json" or request.content_type.endswith("+json")
