"""Tests of the bytes of messages: any client's parser reads them back, compressed or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from realtime.frames import Texts


def read(data: bytes, *, deflate: bool = False) -> list[Frame]:
    """Return what another implementation reads in *data*."""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN, max_size=None)
    if deflate:
        client.extensions = [PerMessageDeflate(True, True, 15, 15)]
    client.receive_data(data)
    assert client.parser_exc is None
    return [event for event in client.events_received() if isinstance(event, Frame)]


@given(st.lists(st.text(max_size=300)), st.integers(0, 400))
def test_another_implementation_reads_the_same_texts(texts: list[str], least: int) -> None:
    """One frame for each text, in order, in either form."""
    made = Texts(texts)
    for frames in (read(made.plain), read(made.deflated(least), deflate=True)):
        assert [frame.opcode for frame in frames] == [Opcode.TEXT] * len(texts)
        assert [bytes(frame.data).decode() for frame in frames] == texts


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_every_form_of_a_length_is_read(size: int) -> None:
    """A length has three forms, which change at 126 and at 65,536."""
    [frame] = read(Texts(["x" * size]).plain)
    assert len(frame.data) == size


def test_compresses_what_is_long_enough_and_becomes_shorter() -> None:
    """Each message by itself; what is short, or does not become shorter, goes as it is."""
    short, long, noise = "a" * 99, "a" * 100, "".join(map(chr, range(20, 127)))
    made = Texts([short, long, noise])
    data = made.deflated(100)
    assert len(data) < len(made.plain)
    assert data.startswith(Texts([short]).plain)
    assert data.endswith(Texts([noise]).plain)
    assert [bytes(frame.data).decode() for frame in read(data, deflate=True)] == [short, long, noise]


def test_each_form_is_made_once() -> None:
    """Everybody gets the same bytes; where nothing is worth compressing, those who take it too."""
    long, short = Texts(["a" * 2000]), Texts(["a"])
    assert long.plain is long.plain
    assert long.deflated(1000) is long.deflated(1000)
    assert short.deflated(1000) is short.plain


def test_half_a_surrogate_pair_harms_nobody() -> None:
    """It cannot be encoded: a question mark stands for it, and the others' messages are not held up."""
    [frame] = read(Texts(["a\ud800b"]).plain)
    assert frame.data == b"a?b"
