"""What a client may send over an open WebSocket: Hypothesis's texts, framed well or badly."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final
from zlib import crc32

from hypothesis import strategies as st

from tests.fuzz.bounds import MAX_FRAME
from tests.fuzz.texts import texts
from tests.fuzz.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

Chunks = tuple[bytes, ...]
BURST: Final = 12
"""Inputs made of one example of Hypothesis, which costs several times as much as sending it."""
BAD_SHARE: Final = 0.1
"""Part of the inputs that may end the connection; a handshake is slow."""


class Then(Enum):
    """What the client does after an input, and so what the server has to do."""

    ASK = "ask"
    """Send a good message: it is answered."""
    ASK_OR_LEAVE = "ask or leave"
    """Send a good message: it is answered, or the connection has ended."""
    HALF_CLOSE = "half-close"
    """Close our half: the server ends the connection."""
    HANG_UP = "hang up"
    """Reset the connection."""


@dataclass(frozen=True, slots=True)
class Input:
    """Bytes to send, in packets, and what has to happen then."""

    kind: str
    chunks: Chunks
    then: Then


# Well framed, whatever the text says.


def plain(random: Random, text: bytes) -> Chunks:
    """Return *text* in one frame, its length spelled in one of the three ways that it may be."""
    return (frame(text, form=random.choice((0, 0, 0, 64))),)


def binary(random: Random, text: bytes) -> Chunks:
    """Return *text* in a binary frame, which the protocol has no use for."""
    return (frame(text, BINARY),)


def controls(random: Random, text: bytes) -> Chunks:
    """Return pings and pongs that nobody asked for."""
    return tuple(frame(text[:125], random.choice((PING, PONG))) for _ in range(random.randint(1, 5)))


def fragments(random: Random, text: bytes) -> Chunks:
    """Return *text* in several frames, perhaps empty ones, with control frames between them."""
    parts = _parts(random, text, len(text))
    chunks: list[bytes] = []
    for number, part in enumerate(parts):
        chunks += controls(random, part) if random.random() < 0.4 else ()
        chunks.append(frame(part, CONTINUATION if number else TEXT, fin=number == len(parts) - 1))
    return tuple(chunks)


def packets(random: Random, text: bytes) -> Chunks:
    """Return a frame that comes in pieces, its head torn apart too."""
    return _parts(random, frame(text), 40)


def flood(random: Random, text: bytes) -> Chunks:
    """Return the same good message many times at once."""
    return (frame(json.dumps(random.choice(GOOD_MESSAGES)).encode()) * random.choice((5, 10, 30, 100)),)


# Against RFC 6455, or the server's limit, or the end of a connection.


def violation(random: Random, text: bytes) -> Chunks:
    """Return a frame that RFC 6455 forbids, or that is too long."""
    return (random.choice(VIOLATIONS)(random, text),)


def close(random: Random, text: bytes) -> Chunks:
    """Return a close frame with a good or bad code and reason, or too short for one."""
    code = random.choice((1000, 1001, 1008, 3000, 4999, random.randrange(65536))).to_bytes(2, "big")
    return (frame(random.choice((b"", code[:1], code, code + text[:123], code + b"\xff")), CLOSE),)


def truncated(random: Random, text: bytes) -> Chunks:
    """Return the beginning of something good or bad."""
    whole = b"".join(random.choice((fragments, violation, close))(random, text))
    return (whole[: random.randrange(len(whole))],)


def raw(random: Random, text: bytes) -> Chunks:
    """Return bytes that are no frames."""
    return (random.choice((text, random.randbytes(random.randint(1, 400)))),)


def _parts(random: Random, whole: bytes, end: int) -> Chunks:
    cuts = sorted(random.randint(0, min(len(whole), end)) for _ in range(random.randint(0, 5)))
    return tuple(whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True))


def _announced(random: Random, text: bytes) -> bytes:
    """Return the head of a frame that announces more than comes."""
    size = random.choice((MAX_FRAME + 1, 2**31, 2**62, 2**63, 2**64 - 1))
    return bytes([0x81, 0xFF]) + size.to_bytes(8, "big") + b"\0\0\0\0" + text[:20]


def _too_long(random: Random, text: bytes) -> bytes:
    size = MAX_FRAME + random.choice((1, 3_000, 60_000))
    return frame(b"x" * size) if random.random() < 0.5 else frame(b"x" * 9_000, fin=False) + frame(b"x" * size, 0)


NO_UTF8: Final = (
    b"\xff",
    b'{"type":"\xed\xa0\x80"}',  # a surrogate
    b"\xc0\x80",  # NUL, longer than it may be
    b"\xf4\x90\x80\x80",  # above U+10FFFF
    b'{"type":"ping"}\xe2\x82',  # torn apart
)
GOOD_MESSAGES: Final = (
    {"type": "ping"},
    {"type": "unsubscribe", "topics": ["jobs"]},
    {"type": "subscribe", "topics": ["jobs", "inventory"]},
    {"type": "later"},
)
VIOLATIONS: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (
    lambda random, text: frame(text, random.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15))),
    lambda random, text: frame(text, random.choice((TEXT, BINARY, PING)), rsv=random.randint(1, 7)),
    lambda random, text: frame(text, masked=False),
    lambda random, text: frame(text, CONTINUATION, fin=random.random() < 0.5),
    lambda random, text: frame(text + b"x" * 126, random.choice((PING, PONG, CLOSE))),
    lambda random, text: frame(text[:125], random.choice((PING, PONG, CLOSE)), fin=False),
    lambda random, text: frame(b'{"type":', fin=False) + frame(text),
    lambda random, text: frame(random.choice(NO_UTF8)),
    lambda random, text: frame(random.choice(NO_UTF8)) + frame(b"\x03\xe8", CLOSE),
    _too_long,
    _announced,
)
GOOD: Final = (
    *[(how, Then.ASK) for how in (*[plain] * 10, *[fragments] * 6, *[packets] * 4, binary, binary, controls, flood)],
)
BAD: Final = (
    (violation, Then.ASK_OR_LEAVE),
    (violation, Then.ASK_OR_LEAVE),
    (violation, Then.HALF_CLOSE),
    (close, Then.ASK_OR_LEAVE),
    (close, Then.HALF_CLOSE),
    (truncated, Then.HALF_CLOSE),
    (plain, Then.HALF_CLOSE),
    (raw, Then.HALF_CLOSE),
    (truncated, Then.HANG_UP),
    (flood, Then.HANG_UP),
)


def burst(number: int, said: list[bytes]) -> list[Input]:
    """Return inputs of every kind that carry the texts *said*."""
    random = Random(number ^ crc32(b"".join(said)))  # Hypothesis likes small numbers, and the same ones again.
    chosen = [random.choice(BAD if random.random() < BAD_SHARE else GOOD) for _ in range(BURST)]
    return [Input(how.__name__, how(random, random.choice(said)), then) for how, then in chosen]


def bursts() -> st.SearchStrategy[list[Input]]:
    """Return what makes a `burst` of Hypothesis's texts; the same seed makes the same."""
    return st.builds(burst, st.integers(0, 2**32), st.lists(texts(), min_size=2, max_size=4))
