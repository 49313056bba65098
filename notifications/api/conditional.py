"""`ETag`, `If-None-Match` and `If-Match` (RFC 9110, 13): what did not change is not sent, or not changed by mistake.

The tag of one notification is its version and a digest of what its reader sees. `If-Match` looks at the version alone:
what one user read does not keep another's change from being the next one.
"""

import hashlib
import re
from typing import Any, Final

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

ANY: Final = "*"
TAG: Final = re.compile(r'"(\d{1,18})-[0-9a-f]+"')
READING: Final = [
    OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` of an earlier answer."),
    OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200, 304], description="Names this answer."),
]
WRITING: Final = [
    OpenApiParameter(
        "If-Match", str, OpenApiParameter.HEADER, description="Do it only to the version that this `ETag` was of."
    )
]
UNCHANGED: Final = OpenApiResponse(description="It is what `If-None-Match` names.")
OUTDATED: Final = OpenApiResponse(description="It has another version than `If-Match` names.")


class PreconditionFailed(exceptions.APIException):
    """It was changed since the client saw it."""

    status_code = 412
    default_detail = "It was changed since: its version is no longer the one that If-Match names. Load it again."


def tag_of(data: Any, version: int | None = None) -> str:
    """Return the tag of an answer with *data*; a weak one where it has no *version*."""
    digest = hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:20]
    return f'W/"{digest}"' if version is None else f'"{version}-{digest}"'


def conditional(request: Request, data: Any, version: int | None = None, cache: str = "private, no-cache") -> Response:
    """Return the answer with *data*, or 304 where the client has it already. *cache* says who may keep it."""
    tag = tag_of(data, version)
    headers = {"ETag": tag, "Cache-Control": cache}
    known = [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]
    if ANY in known or tag.removeprefix("W/") in known:
        return Response(status=304, headers=headers)
    return Response(data, headers=headers)


def versions_of(request: Request) -> frozenset[int] | None:
    """Return the versions that `If-Match` allows, None where it allows all. Tags that are not ours allow none."""
    raw = request.headers.get("If-Match")
    if raw is None:
        return None
    tags = parse_etags(raw)
    if ANY in tags:
        return None
    return frozenset(int(found[1]) for found in map(TAG.fullmatch, tags) if found)
