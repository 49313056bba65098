"""Reading the bodies of requests to the API."""

import io
from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.conf import settings
from rest_framework import exceptions, parsers, status


class BodyTooLarge(exceptions.APIException):
    """A body that is larger than the server reads."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"

    def __init__(self, limit: int | None = None) -> None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if limit is None else limit
        super().__init__(f"The body is larger than {limit} bytes.")


class JSONParser(parsers.JSONParser):
    """DRF's parser, with the two limits that it leaves open: the body's size, and how deep it is nested."""

    limit: ClassVar[int | None] = None
    """Bytes; None: the setting DATA_UPLOAD_MAX_MEMORY_SIZE."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body's value. Raises: ParseError; BodyTooLarge."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if self.limit is None else self.limit
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge(limit)
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError("JSON parse error - it is nested too deeply") from error
