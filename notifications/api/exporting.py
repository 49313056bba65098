"""The whole list as a file, written while it is read: one page of it is in memory at a time."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, ClassVar, Final

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from notifications.api import examples
from notifications.api.queries import UNREADABLE, FilterFields, filter_of
from notifications.api.views import TAGS, NotificationView
from notifications.filters import Filter
from notifications.inbox import LIMIT, Inbox
from realtime.outbox import encode

COLUMNS: Final = tuple(name for name in examples.ONE if name != "offset")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What spreadsheets take for the beginning of a formula (OWASP, CSV injection)."""
DESCRIPTION: Final = (
    "All that the filters ask for, newest first, as the user who asks sees it; sensitive ones in their neutral form. "
    "It is sent while it is read; what is changed meanwhile may be in it or not."
)

FILE: Final = OpenApiExample(
    "Two lines", "id,title\r\n4c1f3b52-…,Backup finished\r\n", media_type="text/csv", response_only=True
)
LINES: Final = OpenApiExample(
    "A line", json.dumps(examples.ONE) + "\n", media_type="application/x-ndjson", response_only=True
)

Write = Callable[[Sequence[dict[str, Any]]], str]


class Whatever(BaseContentNegotiation):
    """Let the URL say which format it is, whatever the client accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the first parser."""
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the first renderer, which errors are written with."""
        return renderers[0], renderers[0].media_type


class Export(NotificationView):
    """What the two formats have in common."""

    content_negotiation_class = Whatever
    suffix: ClassVar[str]
    media_type: ClassVar[str]

    def exported(self, request: Request, write: Write, head: str = "") -> StreamingHttpResponse:
        """Return the answer that *write* makes of each page, after *head*. Raises: ValidationError."""
        query = FilterFields(data=request.query_params)
        query.is_valid(raise_exception=True)
        parts = _parts(self.user, filter_of(query.validated_data), write, head)
        return StreamingHttpResponse(
            parts,
            content_type=self.media_type,
            headers={
                "Content-Disposition": f'attachment; filename="notifications.{self.suffix}"',
                "Cache-Control": "private, no-store",
            },
        )


class ExportCSV(Export):
    """For spreadsheets."""

    suffix, media_type = "csv", "text/csv; charset=utf-8"

    @extend_schema(
        tags=TAGS, summary="Export as CSV", operation_id="notifications_export_csv", parameters=[FilterFields],
        description=f"{DESCRIPTION} What a spreadsheet would take for a formula begins with an apostrophe.",
        responses={(200, "text/csv"): str, 400: UNREADABLE},
        examples=[FILE],
    )  # fmt: skip
    def get(self, request: Request) -> StreamingHttpResponse:
        """Send it."""
        return self.exported(request, as_csv, ",".join(COLUMNS) + "\r\n")


class ExportNDJSON(Export):
    """For programs."""

    suffix, media_type = "ndjson", "application/x-ndjson"

    @extend_schema(
        tags=TAGS, summary="Export as JSON, one notification a line", operation_id="notifications_export_ndjson",
        description=DESCRIPTION, parameters=[FilterFields],
        responses={(200, "application/x-ndjson"): str, 400: UNREADABLE},
        examples=[LINES],
    )  # fmt: skip
    def get(self, request: Request) -> StreamingHttpResponse:
        """Send it."""
        return self.exported(request, lambda items: "".join(encode(item) + "\n" for item in items))


def as_csv(items: Sequence[dict[str, Any]]) -> str:
    """Return *items* as lines of CSV (RFC 4180), safe to open in a spreadsheet."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(item[name]) for name in COLUMNS] for item in items)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        said = value or ""
        return f"'{said}" if said.lstrip(" ").startswith(FORMULA) else said
    return encode(value)


async def _parts(user: User, wanted: Filter, write: Write, head: str) -> AsyncIterator[str]:
    """Yield *head*, and each page as *write* makes text of it."""
    if head:
        yield head
    cursor = None
    while True:
        page = await sync_to_async(lambda at=cursor: Inbox(user).page(LIMIT, cursor=at, wanted=wanted))()
        if page.items:
            yield write(page.items)
        if (cursor := page.next) is None:
            return
