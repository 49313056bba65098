"""Tests of the generator's reading: whatever the network makes of the bytes, each message is counted once."""

import itertools
import struct
import zlib
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load import frames
from bench.load.publishers import SocketIoPublisher, body
from bench.load.subscribers import NatsSubscriber, WebSocketSubscriber
from bench.load.target import Tally, Target


def server_frame(payload: bytes, opcode: int = frames.TEXT, *, rsv1: bool = False) -> bytes:
    head = 0x80 | opcode | (0x40 if rsv1 else 0)
    if len(payload) < 126:
        return struct.pack("!BB", head, len(payload)) + payload
    if len(payload) < 65_536:
        return struct.pack("!BBH", head, 126, len(payload)) + payload
    return struct.pack("!BBQ", head, 127, len(payload)) + payload


def message(size: int = 200) -> bytes:
    return body(size, frames.stamped(1_234_567))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return *data* cut at *cuts*."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


class Wire(SimpleNamespace):
    """A transport that remembers what was written."""

    def write(self, data: bytes) -> None:
        self.written += data


async def connected(kind: type, **target: object) -> tuple[object, Tally, Wire]:
    """Return a subscriber on a wire, its tally and the wire."""
    tally, wire = Tally(), Wire(written=b"")
    subscriber = kind(Target("websocket", 1, tally=tally, **target), 0, 0)
    subscriber.connection_made(wire)
    return subscriber, tally, wire


@given(
    sizes=st.lists(st.sampled_from([60, 125, 126, 200, 70_000]), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 500_000), max_size=12),
)
async def test_each_message_counts_once_wherever_it_is_cut(sizes: list[int], cuts: list[int]) -> None:
    """However the handshake and the frames are cut into reads, each message is counted, and none twice."""
    subscriber, tally, _ = await connected(WebSocketSubscriber)
    data = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b"".join(server_frame(message(size)) for size in sizes)
    for piece in pieces(data, cuts):
        subscriber.data_received(piece)
    assert tally.received == len(sizes)
    assert subscriber.ready.done()


async def test_a_batch_counts_as_its_messages() -> None:
    """Several messages in one frame are several deliveries, and each one's time is taken."""
    subscriber, tally, _ = await connected(WebSocketSubscriber)
    tally.delays = []
    batch = b'{"type":"batch","messages":[' + b",".join([message()] * 3) + b"]}"
    subscriber.data_received(b"HTTP/1.1 101 OK\r\n\r\n" + server_frame(batch))
    assert (tally.received, len(tally.delays)) == (3, 3)


async def test_a_ping_is_answered_between_messages() -> None:
    """What is no message does not count, and a ping gets its pong."""
    subscriber, tally, wire = await connected(WebSocketSubscriber)
    wire.written = b""
    data = server_frame(message()) + server_frame(b"hi", frames.PING) + server_frame(b'{"type":"other"}')
    subscriber.data_received(b"HTTP/1.1 101 OK\r\n\r\n" + data)
    assert tally.received == 1
    assert wire.written == frames.frame(b"hi", frames.PONG)


async def test_a_refused_handshake_is_told() -> None:
    """An answer other than 101 fails the connection with what the server said."""
    subscriber, _, _ = await connected(WebSocketSubscriber)
    subscriber.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    with pytest.raises(ConnectionError, match="403"):
        await subscriber.ready


async def test_waiting_ends_with_the_last_message() -> None:
    """A round is over with the last of the messages that it waits for."""
    subscriber, tally, _ = await connected(WebSocketSubscriber)
    subscriber.data_received(b"HTTP/1.1 101 OK\r\n\r\n")
    finished = tally.expect(2)
    subscriber.data_received(server_frame(message()))
    assert not finished.done()
    subscriber.data_received(server_frame(message()))
    assert finished.done()


@given(cuts=st.lists(st.integers(0, 5_000), max_size=12))
async def test_nats_counts_alike(cuts: list[int]) -> None:
    """NATS' text protocol may be cut anywhere too."""
    subscriber, tally, wire = await connected(NatsSubscriber)
    one = b"MSG bench.0 1 200\r\n" + message() + b"\r\n"
    for piece in pieces(b"INFO {}\r\nPONG\r\n" + one * 5 + b"PING\r\n", cuts):
        subscriber.data_received(piece)
    assert tally.received == 5
    assert wire.written.endswith(b"PONG\r\n")


def test_a_deflated_frame_is_inflated() -> None:
    """A compressed initial state can be told from other frames."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = (deflate.compress(b"hello" * 50) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert list(frames.frames(server_frame(packed, rsv1=True))) == [(frames.TEXT, b"hello" * 50)]


def test_a_message_has_its_size() -> None:
    """What is published is JSON of the size that the tables name, and carries its time."""
    assert len(message(200)) == 200
    assert list(frames.stamps(message() + message())) == [1_234_567, 1_234_567]


def test_a_publisher_answers_pings() -> None:
    """A server that pings its publisher does not end the connection for want of an answer."""
    publisher = SocketIoPublisher(Target("socket.io", 1))
    publisher.writer = Wire(written=b"")
    data = server_frame(b"hi", frames.PING) + server_frame(b"2")
    assert publisher.answer(data + b"\x81") == b"\x81"
    assert publisher.writer.written == frames.frame(b"hi", frames.PONG) + frames.frame(b"3")
