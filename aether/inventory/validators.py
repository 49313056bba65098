"""What can be stored about clusters, hosts and VMs."""

import json
import math
import re
from typing import Any, Final

from django.core.exceptions import ValidationError

from notifications.validators import metadata, storable

ID_LENGTH: Final = 180
"""Characters of an id: with the kind before it, a topic's name has 200 at most."""
ADDRESSES: Final = 64
PARTS: Final = 128
"""Disks of one VM, or its networks."""
PARTS_BYTES: Final = 16 * 1024
ID_PATTERN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._~:-]*")


def identifier(value: str) -> None:
    """Refuse what cannot be part of a URL and of a topic's name as it is. Raises: ValidationError."""
    if not ID_PATTERN.fullmatch(value):
        text = "Use letters, digits, and . _ ~ : -; the first is a letter, a digit or _."
        raise ValidationError(text, code="identifier")


def finite(value: float) -> None:
    """Refuse NaN and the infinities, which JSON has no word for. Raises: ValidationError."""
    if not math.isfinite(value):
        raise ValidationError("It must be a finite number.", code="finite")


def addresses(value: Any) -> None:
    """Refuse what is no list of at most 64 short texts. Raises: ValidationError."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValidationError("It must be a list of texts.", code="not_a_list")
    if len(value) > ADDRESSES or any(len(one) > ADDRESSES for one in value):
        raise ValidationError(f"At most {ADDRESSES} of at most {ADDRESSES} characters are allowed.", code="max_size")
    for one in value:
        storable(one)


def parts(value: Any) -> None:
    """Refuse what is no list of at most 128 JSON objects of 16 KB together. Raises: ValidationError."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValidationError("It must be a list of JSON objects.", code="not_a_list")
    for one in value[:PARTS]:
        metadata(one)
    if len(value) > PARTS or len(json.dumps(value, ensure_ascii=False).encode()) > PARTS_BYTES:
        text = f"At most {PARTS} of at most {PARTS_BYTES:,} bytes together are allowed."
        raise ValidationError(text, code="max_size")
