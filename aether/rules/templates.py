"""Texts with named fields, such as `{hostname} does not answer`; nothing but a name may stand between the braces.

`str.format` would follow attributes and indexes (`{host.__class__}`), and so show what nobody meant to. Here a template
that has any of these, or a name that its source does not have, is refused when it is declared.
"""

from collections.abc import Collection, Iterator, Mapping
from string import Formatter
from typing import Any, Final

UNSTORABLE: Final = {0: "\N{REPLACEMENT CHARACTER}"} | dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
"""What no database takes, or no wire."""


def check(template: str, known: Collection[str]) -> None:
    """Refuse a template with anything but plain *known* names. Raises: ValueError, which names it."""
    for name, spec, conversion in _fields(template):
        if not name.isidentifier() or spec or conversion or name not in known:
            raise ValueError(f"{template!r}: {name!r} is no plain field; there are {', '.join(sorted(known))}.")


def fill(template: str, values: Mapping[str, Any], length: int) -> str:
    """Return the checked *template* with its fields filled in, as text that can be stored, of *length* at most."""
    shown = {name: "" if value is None else str(value) for name, value in values.items()}
    text = " ".join(template.format_map(shown).translate(UNSTORABLE).split())
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _fields(template: str) -> Iterator[tuple[str, str, str]]:
    for _, name, spec, conversion in Formatter().parse(template):
        if name is not None:
            yield name, spec or "", conversion or ""
