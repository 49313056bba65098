"""Just enough HTTP/1.1 for streamed answers: a GET or a write, its status, its body line by line."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

LIMIT: Final = 4 * 1024 * 1024
"""Longest line, in bytes: a snapshot is one."""


class Response:
    """An answer whose body is still coming."""

    def __init__(
        self, status: int, *, chunked: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.status = status
        self._chunked = chunked
        self._reader = reader
        self._writer = writer

    async def lines(self) -> AsyncIterator[str]:
        """Yield the body's lines as they come, without their ends; ends with the body.

        Raises: IncompleteReadError, when the connection was cut in the middle.
        """
        rest = b""
        async for part in self._parts():
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                yield line.decode()
        if rest:
            yield rest.decode()

    def abort(self) -> None:
        """Drop the connection. Safe to call twice."""
        self._writer.transport.abort()

    async def _parts(self) -> AsyncIterator[bytes]:
        if not self._chunked:
            yield await self._reader.read()
            return
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            yield (await self._reader.readexactly(size + 2))[:-2]


async def request(port: int, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
    """Send a request to a node and return its answer once the headers have come.

    Raises: OSError, IncompleteReadError.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
    try:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    except BaseException:
        writer.transport.abort()
        raise
    status = int(head.split(" ", 2)[1])
    return Response(status, chunked="transfer-encoding: chunked" in head, reader=reader, writer=writer)


async def get(port: int, path: str, headers: Mapping[str, str]) -> Response:
    """Send a GET to a node."""
    return await request(port, "GET", path, headers)
