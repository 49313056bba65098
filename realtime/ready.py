"""State that many clients are sent, as JSON text that is made once. Pure."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from realtime import protocol
from realtime.protocol import Position, encode


class Ready(dict[str, Any]):
    """An object that many clients are sent: its JSON text is made once. It must not be changed any more."""

    @cached_property
    def text(self) -> str:
        """The text."""
        return encode(self)


class Items(list[Ready]):
    """A list of such objects, whose text is put together once. It must not be changed any more."""

    @cached_property
    def text(self) -> str:
        """The text."""
        return "[" + ",".join([one.text for one in self]) + "]"


def state(kind: Mapping[str, Any], data: Mapping[str, Any], held: Mapping[str, Position]) -> str:
    """Return the message that begins with *kind* and carries a topic's *data* with the positions it stands at.

    What of it is `Items` has its text already.
    """
    return f'{encode(kind)[:-1]},"data":{_encode_state(data)},"positions":{encode(protocol.positions(held))}}}'


def _encode_state(data: Mapping[str, Any]) -> str:
    return "{" + ",".join([f"{encode(name)}:{_text(value)}" for name, value in data.items()]) + "}"


def _text(value: Any) -> str:
    return value.text if type(value) is Items else encode(value)
