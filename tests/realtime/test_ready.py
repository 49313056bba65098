"""Tests of state that many clients are sent: its text is what encoding it anew would be."""

import json

from realtime import ready
from realtime.protocol import Position
from realtime.ready import Items, Ready


def test_the_text_is_that_of_the_values() -> None:
    """A message made of ready text reads like any; keys, nulls, quotes and other scripts come out as they went in."""
    items = Items([Ready(id=1, title='a "b" \\ c', extra=None), Ready(id=2, title="äé☃", extra={"deep": [1]})])
    data = {"notifications": items, "unread_count": 2, "next": None, 'o"dd': [{"plain": True}]}
    held = {"notifications": Position(7, "e-1")}
    text = ready.state({"type": "snapshot", "topic": "notifications"}, data, held)
    assert json.loads(text) == {
        "type": "snapshot",
        "topic": "notifications",
        "data": data,
        "positions": {"notifications": {"offset": 7, "epoch": "e-1"}},
    }
    assert "äé☃" in text
    assert ": " not in text


def test_nothing_is_a_state_too() -> None:
    """A topic without data, and a list without objects, are empty and not left out."""
    assert ready.state({"type": "snapshot"}, {}, {}) == '{"type":"snapshot","data":{},"positions":{}}'
    assert '"data":{"list":[]}' in ready.state({"type": "snapshot"}, {"list": Items()}, {})


def test_it_is_made_once() -> None:
    """However many clients are sent an object or a list, its text is one."""
    items = Items([Ready(id=1)])
    assert items.text is items.text
    assert items[0].text is items[0].text
