"""Reading the bodies of requests to the API."""

import io
from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.conf import settings
from rest_framework import exceptions, parsers, status


class BodyTooLarge(exceptions.APIException):
    """A body that is larger than the server reads; *limit* in bytes, by default the setting's."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"

    def __init__(self, limit: int | None = None) -> None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if limit is None else limit
        super().__init__(f"The body is larger than {limit} bytes.")


class JSONParser(parsers.JSONParser):
    """DRF's parser, with the two limits that it leaves open: the body's size, and how deep it is nested."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body's value. Raises: ParseError; BodyTooLarge."""
        body = _read(stream, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        try:
            return super().parse(body, media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError("JSON parse error - it is nested too deeply") from error


class LargeJSONParser(parsers.BaseParser):
    """The same for a view that takes more: a subclass says how many bytes. Ask for permissions before the data.

    It is no JSONParser to DRF, which would read the body by Django's own limit first.
    """

    media_type = "application/json"
    limit: ClassVar[int]

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body's value. Raises: ParseError; BodyTooLarge."""
        try:
            return parsers.JSONParser().parse(_read(stream, self.limit), media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError("JSON parse error - it is nested too deeply") from error


def _read(stream: IO[Any], limit: int) -> io.BytesIO:
    """Return the whole of *stream*. Raises: BodyTooLarge."""
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(limit)
    return io.BytesIO(body)
