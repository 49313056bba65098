"""The header `Idempotency-Key`: the same request twice does what it does once."""

import json
import re
from collections.abc import Callable
from typing import Any, Final, cast

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.idempotency import LENGTH, Answer, Reused, UnderWay, once

HEADER: Final = "Idempotency-Key"
REPLAY: Final = "Idempotency-Replay"
QUOTED: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
"""A string of RFC 9651, as the draft has it; a bare key, which many clients send, is taken as well."""
BARE: Final = re.compile(r"[\x21\x23-\x7e]+")

PARAMETERS: Final = [
    OpenApiParameter(
        HEADER,
        str,
        OpenApiParameter.HEADER,
        description="Names this request, best with a random UUID. Sent again within 24 hours with the same body, it is "
        f"not carried out again: the first answer comes once more, with `{REPLAY}: true`. Errors are not kept.",
    ),
    OpenApiParameter(
        REPLAY, str, OpenApiParameter.HEADER, response=[200, 201], description="`true` where it was done before."
    ),
]
RESPONSES: Final = {
    409: OpenApiResponse(description=f"The request with this {HEADER} is under way; `Retry-After` says when to ask."),
    422: OpenApiResponse(description=f"This {HEADER} came with another request before."),
}


class Conflict(exceptions.APIException):
    """The same request is under way."""

    status_code = 409
    default_detail = f"The request with this {HEADER} is under way. Send it again in a second."
    wait = 1
    """Seconds; DRF makes `Retry-After` of it."""


class Unprocessable(exceptions.APIException):
    """The key belongs to another request."""

    status_code = 422
    default_detail = f"This {HEADER} came with another request before; take a new one for each."


def idempotent(request: Request, work: Callable[[], Response]) -> Response:
    """Return what *work* answers, carried out once where the request has a key. Check permissions before.

    Raises: ValidationError, Conflict, Unprocessable; what *work* raises.
    """
    key = key_of(request)
    if key is None:
        return work()

    def answer() -> Answer:
        done = work()
        return Answer(done.status_code, JSONRenderer().render(done.data).decode())

    try:
        asked = json.dumps([request.method, request.path, request.data], sort_keys=True)
        found = once(cast("int", request.user.pk), key, asked, answer)
    except UnderWay as error:
        raise Conflict from error
    except Reused as error:
        raise Unprocessable from error
    except RecursionError as error:
        raise exceptions.ParseError("it is nested too deeply.") from error
    return Response(json.loads(found.body), found.status, headers={REPLAY: "true"} if found.replayed else None)


def key_of(request: Request) -> str | None:
    """Return the request's key, None without one. Raises: ValidationError."""
    raw: Any = request.headers.get(HEADER)
    if raw is None:
        return None
    text = raw.strip()
    quoted = QUOTED.fullmatch(text)
    key = re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else text
    if not key or len(key) > LENGTH or not (quoted or BARE.fullmatch(text)):
        said = f"It must be 1 to {LENGTH} visible ASCII characters, best a UUID, bare or in quotes."
        raise exceptions.ValidationError({HEADER: [exceptions.ErrorDetail(said, "invalid")]})
    return key
