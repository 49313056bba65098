"""What the frames carry: JSON and other text, made by Hypothesis."""

import json
from typing import Any, Final

from hypothesis import strategies as st

from tests.fuzz.bounds import MAX_FRAME

ANY_TEXT: Final = st.text(st.characters(), max_size=16)
"""With NUL, noncharacters and half surrogate pairs, which JSON can spell though no frame can carry them."""
NAMES: Final = ANY_TEXT | st.sampled_from(
    ["notifications", "inventory", "jobs", "all", "jobs:7", "jobs:", ":", ":7", "all:7", "notifications:7", "control"]
)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
POSITIONS: Final = st.dictionaries(
    NAMES, st.fixed_dictionaries({"offset": st.integers(-1, 2**54), "epoch": ANY_TEXT}) | JSON, max_size=2
)
FIELDS: Final = {
    "topics": st.lists(NAMES, max_size=5) | JSON,
    "id": st.integers() | ANY_TEXT | JSON,
    "since": POSITIONS | JSON,
    "snapshot": st.booleans() | JSON,
}
MESSAGES: Final = st.fixed_dictionaries(
    {"type": st.sampled_from(["subscribe", "subscribe", "unsubscribe", "ping", "pong", "later"]) | JSON},
    optional=FIELDS,
)
BRACKETS: Final = (("[", "]"), ('{"a":', "}"), ('{"type":', ""))
SIZES: Final = (0, 1, 125, 126, 127, 1_000, MAX_FRAME - 1, MAX_FRAME)
KINDS: Final = ("message", "message", "message", "message", "JSON", "text", "deep", "long", "torn")


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Text of every kind that a frame may carry, JSON or not, as UTF-8."""
    kind = draw(st.sampled_from(KINDS))
    if kind == "deep":
        opening, closing = draw(st.sampled_from(BRACKETS))
        depth = draw(st.integers(1, MAX_FRAME // 10))
        return (opening * depth + "1" + closing * depth).encode()
    if kind == "long":
        return b"x" * draw(st.sampled_from(SIZES))
    if kind == "text":
        return draw(st.text()).encode()
    value: Any = draw(JSON if kind == "JSON" else MESSAGES)
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    return text[: len(text) // 2 if kind == "torn" else None].encode("utf-8", "replace")
