"""Whoever breaks the rules below the messages is answered, kept out of the log, and forgotten."""

import pytest

from tests.fuzz.wire import CLOSE, Socket, frame, handshake
from tests.support.servers import Server

TORN = b'{"type":"ping"}\xe2\x82'


def errors(server: Server) -> list[str]:
    """Return the lines of the log that tell of an error."""
    return [line for line in server.log.splitlines() if " ERROR " in line or line.startswith("Traceback")]


@pytest.mark.parametrize(
    "chunks",
    [[frame(TORN)], [frame(TORN[:-1], fin=False) + frame(TORN[-1:], 0)], [frame(b"\xff") + frame(b"\x03\xe8", CLOSE)]],
    ids=["at once", "in two frames", "with a close behind it"],
)
async def test_text_that_is_not_utf8_ends_with_1007(module_server: Server, chunks: list[bytes]) -> None:
    """A text that is not UTF-8 ends the connection, with 1007 unless the client has closed it; no error is logged."""
    async with await Socket.open(module_server.port) as socket:
        await socket.send([handshake(f"127.0.0.1:{module_server.port}")])
        await socket.upgraded()
        await socket.send(chunks)
        codes = [int.from_bytes(got.payload[:2], "big") async for got in socket.frames() if got.opcode == CLOSE]
    assert codes[0] in (1007, 1000)
    assert errors(module_server) == []


@pytest.mark.parametrize(
    ("headers", "method", "status"),
    [
        ([(f"X-{number}", "x") for number in range(200)], "GET", 431),
        ([("X-Long", "x" * 9_000)], "GET", 431),
        ([], "POST", 405),
        ([("Content-Length", "10")], "GET", 400),
    ],
    ids=["200 headers", "a long header", "no GET", "a body"],
)
async def test_a_handshake_that_cannot_be_read_is_answered(
    module_server: Server, headers: list[tuple[str, str]], method: str, status: int
) -> None:
    """A handshake that the WebSocket's parser refuses is answered, and its connection ends; no error is logged."""
    whole = handshake(f"127.0.0.1:{module_server.port}", headers)
    async with await Socket.open(module_server.port) as socket:
        await socket.send([whole.replace(b"GET", method.encode(), 1)])
        assert await socket.status() == status
        await socket.ended()
    assert errors(module_server) == []
