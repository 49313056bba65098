"""Where a notification leads, and the buttons that it offers: what these may be.

A button is a link, `{"label", "url"}`, or a request to this same site's API that the reader's browser sends with the
reader's rights: `{"label", "method", "path", "body"?}`. Browsers check the same again before they follow one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError

from notifications import validators

MOST: Final = 2
LABEL_LENGTH: Final = 40
URL_LENGTH: Final = 2_000
BODY_BYTES: Final = 4 * 1024
METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")
API: Final = "/api/"
LINK: Final = frozenset({"label", "url"})
CALL: Final = frozenset({"label", "method", "path", "body"})
UNWRITABLE: Final = frozenset(" \\<>\"'`")
"""Besides what is not printable: what browsers read differently, or what never stands in an address."""
DOTS: Final = frozenset({".", ".."})
"""Steps of a path that browsers leave out."""
WHERE: Final = "It must be a path that begins with one / and has no . and .. in it, or an http or https address."


def link(value: str) -> None:
    """Refuse what is neither a path of this site nor an http or https address. Raises: ValidationError.

    Nothing else leads anywhere: no other scheme, no `//host`, and no name before an @. Nor do paths with . or .. in
    them, since a browser that leaves these out of `/.//host` is left with `//host`.
    """
    _readable(value)
    if value.startswith("/"):
        steps = unquote(re.split("[?#]", value, maxsplit=1)[0]).split("/")
        if value.startswith("//") or not DOTS.isdisjoint(steps):
            raise ValidationError(WHERE, code="invalid_link")
        return
    try:
        parts = urlsplit(value)
        named = parts.scheme in ("http", "https") and parts.hostname and value.startswith(f"{parts.scheme}://")
        known = named and parts.username is None and parts.password is None and (parts.port or 1)
    except ValueError:
        known = False
    if not known:
        raise ValidationError(WHERE, code="invalid_link")


def api_path(value: str) -> None:
    """Refuse what is not below /api/ on this site, however a browser or a proxy reads it. Raises: ValidationError."""
    _readable(value)
    text = f"It must be a path of this site that begins with {API}, without . and .. in it."
    path, _, _ = value.partition("?")
    steps = unquote(path).split("/")[1:]
    odd = not DOTS.isdisjoint(steps) or "" in steps[:-1] or "#" in value
    if not value.startswith(API) or odd or not unquote(path).isprintable() or "\\" in unquote(path):
        raise ValidationError(text, code="invalid_path")


def problems(value: Any) -> dict[str, ValidationError]:
    """Return what is wrong with a notification's buttons, by where: "" for all of them, else such as `0.url`."""
    if not isinstance(value, list | tuple):
        return {"": ValidationError("It must be a list.", code="not_a_list")}
    if len(value) > MOST:
        return {"": ValidationError(f"At most {MOST} buttons are shown; these are {len(value)}.", code="max_items")}
    return {f"{number}{where}": error for number, button in enumerate(value) for where, error in _faults(button)}


def calls(value: Any) -> bool:
    """Return whether one of the buttons sends a request; False also for what is no list of buttons."""
    if not isinstance(value, list | tuple):
        return False
    return any(isinstance(button, Mapping) and not button.keys().isdisjoint(CALL - LINK) for button in value)


def _faults(button: Any) -> Iterator[tuple[str, ValidationError]]:
    if not isinstance(button, Mapping):
        yield "", ValidationError("It must be a JSON object.", code="not_an_object")
        return
    known = CALL if "method" in button or "path" in button else LINK
    for name in sorted(map(str, set(button) - known)):
        text = "A button has either label and url, or label, method, path and perhaps body."
        yield f".{name}", ValidationError(text, code="unknown")
    for name in ("label", *(("method", "path") if known is CALL else ("url",))):
        try:
            RULES[name](_text(button, name))
        except ValidationError as error:
            yield f".{name}", error
    if known is CALL and "body" in button:
        try:
            validators.json_object(button["body"], BODY_BYTES)
        except ValidationError as error:
            yield ".body", error


def _text(button: Mapping[str, Any], name: str) -> str:
    if name not in button:
        raise ValidationError("It is required.", code="required")
    if not isinstance(button[name], str):
        raise ValidationError("It must be text.", code="not_text")
    return str(button[name])


def _label(value: str) -> None:
    validators.not_blank(value)
    if len(value) > LABEL_LENGTH:
        text = f"It has {len(value)} characters; at most {LABEL_LENGTH} are shown."
        raise ValidationError(text, code="max_length")
    if not value.isprintable():
        raise ValidationError("Leave out what is invisible, and line breaks.", code="invalid_characters")


def _method(value: str) -> None:
    if value not in METHODS:
        raise ValidationError(f"{value!r} is none of {', '.join(METHODS)}.", code="invalid_choice")


def _readable(value: str) -> None:
    if len(value) > URL_LENGTH:
        raise ValidationError(f"At most {URL_LENGTH:,} characters are allowed.", code="max_length")
    if not value.isprintable() or not UNWRITABLE.isdisjoint(value):
        text = "Spaces, quotes, backslashes, < and > and what is invisible cannot stand in it; escape them with %."
        raise ValidationError(text, code="invalid_characters")


RULES: Final = {"label": _label, "url": link, "method": _method, "path": api_path}
