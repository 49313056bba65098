"""A WebSocket client that can send any bytes: RFC 6455 frames, right or wrong, over a plain socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final

from tests.fuzz.bounds import PATIENCE

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
MASK: Final = b"\x37\xfa\x21\x3d"
"""The example of RFC 6455, 5.7. Any key will do for a server under test."""
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="


class Refused(Exception):
    """The handshake was answered with another status than 101."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The handshake was answered with {status}.")
        self.status = status


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the server."""

    opcode: int
    payload: bytes


def frame(
    payload: bytes, opcode: int = TEXT, *, fin: bool = True, rsv: int = 0, masked: bool = True, form: int = 0
) -> bytes:
    """Return the bytes of a client's frame; *form* (7, 16 or 64 bits) spells its length, 0 as short as it can be."""
    size = len(payload)
    form = form or (7 if size < 126 else 16 if size < 1 << 16 else 64)
    bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | (rsv << 4) | opcode])
    if form == 7:
        head += bytes([bit | (size & 0x7F)])
    elif form == 16:
        head += bytes([bit | 126]) + (size & 0xFFFF).to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    return head + MASK + mask(payload) if masked else head + payload


def mask(payload: bytes) -> bytes:
    """Return *payload* masked with `MASK`."""
    size = len(payload)
    key = (MASK * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def request(path: str, host: str, headers: Iterable[tuple[str, str]] = (), method: str = "GET") -> bytes:
    """Return the head of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def handshake(host: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return the opening handshake with *headers* added."""
    own = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", KEY)]
    return request("/ws", host, [*own, ("Sec-WebSocket-Version", "13"), *headers])


class Socket:
    """A connection over which anything may be sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Socket":
        """Connect to *port* of the loopback interface."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def __aenter__(self) -> "Socket":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.abort()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def send(self, chunks: Iterable[bytes]) -> None:
        """Send each chunk in a packet of its own, as far as the kernel lets us. The peer need not read them."""
        with contextlib.suppress(ConnectionError):
            for chunk in chunks:
                self._writer.write(chunk)
                await asyncio.sleep(0)

    async def status(self) -> int | None:
        """Return the status of an HTTP answer, its head behind us; None where the server hung up instead."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return int(head.split(b" ", 2)[1])

    async def upgraded(self) -> "Socket":
        """Return this socket once the handshake is done. Raises: Refused."""
        status = await self.status()
        if status != 101:
            raise Refused(status or 0)
        return self

    async def frames(self) -> AsyncIterator[Frame]:
        """Yield the server's frames up to the end of the connection. Raises: TimeoutError, where it is silent."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                async with asyncio.timeout(PATIENCE):
                    yield await self._frame()

    async def _frame(self) -> Frame:
        first, second = await self._reader.readexactly(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
        return Frame(first & 0x0F, await self._reader.readexactly(size))

    async def ended(self) -> None:
        """Return when the server has closed the connection. Raises: TimeoutError, where it keeps it."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                while await self._reader.read(1 << 16):
                    pass

    async def some(self) -> bytes:
        """Return what comes next, of whatever length; nothing where the server hung up."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                return await self._reader.read(1 << 16)
        return b""

    def half_close(self) -> None:
        """Say that nothing more will be sent, and go on listening."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.write_eof()

    def abort(self) -> None:
        """Hang up without a word."""
        self._writer.transport.abort()
