"""RFC 6455 and 7692 as far as a load generator needs it: frames are skipped by their headers and counted in bulk."""

import base64
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Final

MARK: Final = b"t0="
"""Stands once in each message, before the time at which it was published."""
STAMP: Final = 16
"""Digits of that time, in microseconds."""
TEXT: Final = 1
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
_MASKED: Final = 0x80
_RSV1: Final = 0x40
_DEFLATE_END: Final = b"\0\0\xff\xff"
_NO_MASK: Final = b"\0\0\0\0"


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return a client's frame. Its mask is zero, which is legal and leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, _MASKED | size)
    elif size < 65_536:
        head = struct.pack("!BBH", 0x80 | opcode, _MASKED | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, _MASKED | 127, size)
    return head + _NO_MASK + payload


def skim(data: bytes) -> tuple[int, int, bool]:
    """Return where the last whole frame of *data* ends, how many there are, and whether all are text."""
    position, count, plain, size = 0, 0, True, len(data)
    while size - position >= 2:
        length = data[position + 1]
        start = position + 2
        if length == 126:
            start += 2
            length = int.from_bytes(data[position + 2 : start]) if start <= size else size
        elif length == 127:
            start += 8
            length = int.from_bytes(data[position + 2 : start]) if start <= size else size
        if start + length > size:
            break
        plain = plain and data[position] & 15 == TEXT
        position = start + length
        count += 1
    return position, count, plain


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the opcode and the payload of each of the whole server frames in *data*.

    Those that are deflated are inflated, as long as they need none of the ones before.
    """
    position = 0
    while position < len(data):
        length, start = data[position + 1], position + 2
        if length >= 126:
            start += 2 if length == 126 else 8
            length = int.from_bytes(data[position + 2 : start])
        payload = data[start : start + length]
        if data[position] & _RSV1:
            payload = zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload + _DEFLATE_END)
        yield data[position] & 15, payload
        position = start + length


def stamped(now: int) -> bytes:
    """Return the mark with the time *now*, in microseconds."""
    return MARK + b"%016d" % now


def stamps(data: bytes) -> Iterator[int]:
    """Yield the time in each message of *data*."""
    at = data.find(MARK)
    while at >= 0:
        start = at + len(MARK)
        yield int(data[start : start + STAMP])
        at = data.find(MARK, start)


def handshake(path: str, port: int, headers: dict[str, str]) -> bytes:
    """Return the request that opens a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
    ]  # fmt: skip
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()
