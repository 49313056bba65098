"""Errors of the API as `application/problem+json` (RFC 9457).

Each has type, title, status and detail; invalid input adds `errors`, a list of {field, rule, detail}. `detail` is
always a sentence, as DRF's own clients expect.
"""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.csrf import csrf_failure as csrf_page
from django.views.defaults import bad_request as bad_request_page
from django.views.defaults import server_error as error_page
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.views import exception_handler as drf_handler

from realtime import audit, correlation
from realtime.api import throttling
from realtime.api.parsing import BodyTooLarge

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 2
"""Seconds after which a client may try again where the database was locked or away."""
RETRY: Final = {"Retry-After": str(RETRY_AFTER)}
PREFIX: Final = "/api/"
SCHEMA_ERRORS: Final = ("no such", "has no column", "syntax error", "undefined")
"""What SQLite reports as operational although it is an error in the program."""


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer *error* of a view as a problem; DRF's EXCEPTION_HANDLER. None where the server itself is wrong."""
    _render_json(context.get("request"))
    if is_database_away(error):
        log_database_away(error)
        return _response(_away(), HTTPStatus.SERVICE_UNAVAILABLE, RETRY)
    if isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        error = _counted(error, context.get("request"))
    response = drf_handler(error, dict(context))
    if response is None:
        return None
    if response.status_code == HTTPStatus.FORBIDDEN:
        audit.record(audit.Event.DENIED, **_asked(context.get("request")))
    if not isinstance(error, exceptions.APIException):  # Http404 and PermissionDenied, which DRF turned into its own.
        return _response(_body(response.status_code, _sentence(response.data)), response.status_code, response.headers)
    body = _body(response.status_code, _sentence(response.data))
    if isinstance(error, exceptions.ValidationError):
        body["errors"] = list(_errors(error.get_full_details()))
        body["detail"] = " ".join(_named(item) for item in body["errors"]) or "The input is invalid."
    elif isinstance(error, exceptions.ParseError):
        body["detail"] = f"The body cannot be read as JSON: {error.detail}"
    return _response(body, response.status_code, response.headers)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a problem from outside a DRF view."""
    return JsonResponse(_body(status, detail), status=status, headers=dict(headers or {}), content_type=MEDIA_TYPE)


def database_away(error: Exception) -> HttpResponse:
    """Return the 503 for a database that is locked or away, from outside a DRF view."""
    log_database_away(error)
    return JsonResponse(_away(), status=503, headers=RETRY, content_type=MEDIA_TYPE)


def log_database_away(error: Exception) -> None:
    """Log what the client is told less of."""
    logger.warning("The database is locked or away: %s", error)


def is_database_away(error: BaseException) -> bool:
    """Return whether *error* will pass by itself: the database is locked, restarting or cannot be reached."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return not any(sign in str(error).lower() for sign in SCHEMA_ERRORS)


def is_api(request: HttpRequest) -> bool:
    """Return whether the client expects the API's errors rather than a page."""
    return request.path_info.startswith(PREFIX)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a missing or wrong CSRF token; Django's CSRF_FAILURE_VIEW."""
    # What follows the dash is the other site's address, which may have a query.
    audit.record(audit.Event.REFUSED, transport="http", reason=f"CSRF: {reason.partition(' - ')[0]}")
    return problem(403, f"CSRF Failed: {reason}") if is_api(request) else csrf_page(request, reason=reason)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refused to read, such as one for a Host that is not ours; Django's handler400."""
    if is_api(request):
        return problem(
            400, "The request was refused before it was read; a Host that is not in ALLOWED_HOSTS is one cause."
        )
    return bad_request_page(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nobody caught; Django's handler500, which logs it."""
    return problem(500, "The server failed; its log says why.") if is_api(request) else error_page(request)


class UnknownUrl(APIView):
    """Answer every URL below /api/ that nothing else answers."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise NotFound, after the login has been asked for."""
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound(f"There is nothing at {request.path}. /api/docs lists what there is.")


def _counted(error: Exception, request: Request | None) -> Exception:
    """Return *error*, or that this address has tried too often without credentials that are good."""
    quota = throttling.spend(request, anonymous=True) if request is not None else None
    return exceptions.Throttled(quota.reset) if quota and quota.left < 0 else error


def _render_json(request: Request | None) -> None:
    """Answer in JSON also where the client asked for something else, such as the schema's YAML."""
    if request is not None:
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type


def _body(status: int, detail: str) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    # What a person who asks for help can quote, and the log can be searched for.
    identifier = correlation.request_id()
    return body | {"detail": detail} | ({"request_id": identifier} if identifier else {})


def _asked(request: Request | None) -> dict[str, Any]:
    """Return which call it was, without its query and its body."""
    return {"transport": "rest", "method": request.method, "path": request.path} if request is not None else {}


def _away() -> dict[str, Any]:
    return _body(503, f"The database is busy or away for the moment. Try again in {RETRY_AFTER} seconds.")


def _response(body: dict[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    kept = {name: value for name, value in headers.items() if name in ("WWW-Authenticate", "Retry-After", "Allow")}
    return Response(body, status=status, headers=kept, content_type=MEDIA_TYPE)


def _sentence(data: Any) -> str:
    detail = data.get("detail", "") if isinstance(data, Mapping) else data
    return str(detail)


def _errors(details: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Yield the innermost errors of DRF's nested details, each with the path of its field."""
    if (
        isinstance(details, Mapping)
        and set(details) == {"message", "code"}
        and not isinstance(details["code"], Mapping)
    ):
        yield {"field": _shown(field), "rule": str(details["code"]), "detail": _shown(str(details["message"]))}
    elif isinstance(details, Mapping):
        for name, inner in details.items():
            whole = name == "non_field_errors"
            yield from _errors(inner, field if whole else f"{field}.{name}".lstrip("."))
    elif isinstance(details, list):
        many = any(isinstance(inner, Mapping) and set(inner) != {"message", "code"} for inner in details)
        for number, inner in enumerate(details):
            yield from _errors(inner, f"{field}.{number}".lstrip(".") if many else field)


def _shown(text: str) -> str:
    """Return *text*, which may repeat what a client sent, with half surrogate pairs as escapes: they have no UTF-8."""
    return text.encode(errors="backslashreplace").decode()


def _named(item: Mapping[str, str]) -> str:
    return f"{item['field']}: {item['detail']}" if item["field"] else item["detail"]
