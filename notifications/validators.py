"""What can be stored: text that every database takes, and metadata of a bounded size."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone

METADATA_BYTES: Final = 16 * 1024
METADATA_DEPTH: Final = 32
"""Levels of nesting; a deeper one could not be encoded again."""
FURTHEST: Final = timedelta(days=366)
"""How far ahead something may be put off."""


def storable(text: str) -> None:
    """Refuse NUL, which PostgreSQL cannot store, and lone surrogates, which UTF-8 cannot. Raises: ValidationError."""
    if "\x00" in text:
        raise ValidationError("The character U+0000 cannot be stored; leave it out.", code="null_character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValidationError("Half of a surrogate pair is no character; leave it out.", code="lone_surrogate")


def not_blank(text: str) -> None:
    """Refuse text that shows nothing. Raises: ValidationError."""
    if not text.strip():
        raise ValidationError("It must not be blank.", code="blank")


def ahead(moment: datetime) -> None:
    """Refuse a time that does not say of which zone it is, has passed, or is more than a year away.

    Raises: ValidationError.
    """
    if timezone.is_naive(moment):
        text = "Say the time with its zone, such as 2026-12-24T18:00:00Z or 2026-12-24T18:00:00+01:00."
        raise ValidationError(text, code="naive")
    now = timezone.now()
    if moment <= now:
        raise ValidationError("It must be in the future.", code="past")
    if moment > now + FURTHEST:
        raise ValidationError("It must be within a year from now.", code="too_far")


def metadata(value: Any) -> None:
    """Refuse what is no JSON object, is nested too deeply, or is longer than 16 KB. Raises: ValidationError."""
    if not isinstance(value, Mapping):
        raise ValidationError("It must be a JSON object.", code="not_an_object")
    _walk(value, METADATA_DEPTH)
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode())
    except (TypeError, ValueError) as error:
        raise ValidationError(f"It cannot be written as JSON: {error}.", code="not_json") from error
    if size > METADATA_BYTES:
        raise ValidationError(
            f"It takes {size:,} bytes as JSON; at most {METADATA_BYTES:,} are allowed.", code="max_size"
        )


def _walk(value: Any, depth: int) -> None:
    if depth == 0:
        raise ValidationError(f"It is nested more than {METADATA_DEPTH} levels deep.", code="max_depth")
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise ValidationError("Its keys must be text.", code="not_json")
            storable(name)
            _walk(inner, depth - 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _walk(inner, depth - 1)
