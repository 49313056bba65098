"""Reports of thousands of VMs, read quickly: what is plainly good is taken as it is.

A serializer looks at each field's definition again for each of 10,000 entries, which takes seconds. Whatever is not
plainly good here is left to it, so that it alone decides what is refused, and why.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from aether.inventory.api.fields import MOST
from aether.inventory.models import NOTES_LENGTH, State
from aether.inventory.validators import ADDRESSES, ID_LENGTH, ID_PATTERN, PARTS, PARTS_BYTES

Check = Callable[[Any], bool]
NUMBERS: Final = (int, float, bool)
LARGE: Final = 2**63
LONGEST: Final = 12
"""Bytes that a character may take in JSON, or a number beside its digits: no text is longer than it was counted."""


def _text(most: int, *, blank: bool = True, null: bool = False) -> Check:
    def check(value: Any) -> bool:
        if type(value) is not str:
            return null and value is None
        return len(value) <= most and value.isprintable() and (blank or (value != "" and not value.isspace()))

    return check


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _amount(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= MOST


def _addresses(value: Any) -> bool:
    return type(value) is list and len(value) <= ADDRESSES and all(map(_address, value))


def _parts(value: Any) -> bool:
    """Return whether *value* is a list of flat objects that is certainly not too large."""
    if type(value) is not list or len(value) > PARTS:
        return False
    size = 0
    for part in value:
        if type(part) is not dict:
            return False
        for name, inner in part.items():
            if not name.isprintable():
                return False
            if type(inner) is str:
                if not inner.isprintable():
                    return False
                size += len(inner)
            elif inner is not None and not (type(inner) in NUMBERS and abs(inner) < LARGE):
                return False
            size += len(name) + 4
    return size * LONGEST <= PARTS_BYTES


_address: Final = _text(ADDRESSES)
CHECKS: Final[Mapping[str, Check]] = {
    "id": lambda value: type(value) is str and len(value) <= ID_LENGTH and bool(ID_PATTERN.fullmatch(value)),
    "name": _text(200, blank=False),
    "state": frozenset(State.values).__contains__,
    "cpu_cores": _count,
    "memory_gb": _amount,
    "ip_address": _text(64, null=True),
    "ip_addresses": _addresses,
    "notes": _text(NOTES_LENGTH),
    "os_family": _text(50, null=True),
    "os_name": _text(200, null=True),
    "generation": lambda value: value is None or (type(value) is int and 0 <= value <= 32_767),
    "disks": _parts,
    "networks": _parts,
}


def plainly_good(entry: Any) -> bool:
    """Return whether the serializer would take *entry* and leave it as it is. False says nothing."""
    if type(entry) is not dict or "id" not in entry or "name" not in entry:
        return False
    try:
        return all(CHECKS[name](value) for name, value in entry.items())
    except (KeyError, TypeError):  # An unknown field, or a state that is a list.
        return False
