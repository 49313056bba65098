"""Tests of frames on a real socket: their place among control frames, both handshakes, compression, slow clients."""

import asyncio
import contextlib
import json
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from realtime.errors import CloseCode, Disconnect
from realtime.frames import EXTENSION, Texts
from realtime.sink import FrameSink
from tests.support.ports import free_port
from tests.support.waiting import wait_until

LIMIT = 256 * 1024
LONG = json.dumps({"text": "the same again " * 200})
RESTART = Disconnect(CloseCode.RESTART, "The server restarts")
UPGRADE = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)


@dataclass
class Site:
    """A server in this loop, whose application does nothing but hand out its sinks."""

    port: int
    server: uvicorn.Server
    sinks: list[FrameSink] = field(default_factory=list)
    sends: list[Callable[[Any], Awaitable[None]]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    early: list[bytes] = field(default_factory=list)
    """What the application tries to write before it accepts a connection."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def close(code: int, reason: str) -> None:
            await send({"type": "websocket.close", "code": code, "reason": reason})

        await receive()
        sink = FrameSink(scope["extensions"][EXTENSION]["frames"], close, limit=LIMIT, deflate_from=1000, log=None)
        for data in self.early:
            sink.put(data)
        await send({"type": "websocket.accept"})
        self.sinks.append(sink)
        self.sends.append(send)
        while (message := await receive())["type"] != "websocket.disconnect":
            self.received.append(message)
        self.received.append(message)
        await sink.stop()


async def serve(**options: Any) -> AsyncIterator[Site]:
    site = Site(free_port(), server=None)  # type: ignore[arg-type]  # Each needs the other.
    config = uvicorn.Config(
        site, host="127.0.0.1", port=site.port, ws="realtime.websocket:WebSocketProtocol", lifespan="off",
        log_config=None, ws_max_size=10_000, timeout_graceful_shutdown=1, **options,
    )  # fmt: skip
    site.server = uvicorn.Server(config)
    serving = asyncio.create_task(site.server.serve())
    await wait_until(lambda: site.server.started, what="uvicorn")
    yield site
    site.server.should_exit = True
    await serving


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    """A server with compression on, and a ping every 0.1 s."""
    async for site in serve(ws_ping_interval=0.1):
        yield site


@pytest.fixture
def trusting(tmp_path: Path) -> ssl.SSLContext:
    """What a client has to trust; the server's certificate is beside it in `tmp_path`."""
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest_asyncio.fixture
async def secure(trusting: ssl.SSLContext, tmp_path: Path) -> AsyncIterator[Site]:
    """A server that speaks TLS."""
    async for site in serve(ssl_certfile=str(tmp_path / "server.pem")):
        yield site


class Raw:
    """A client's socket, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def frame(self) -> tuple[int, bytes]:
        """Return the next frame's first byte and payload."""
        async with asyncio.timeout(5):
            first, size = await self.reader.readexactly(2)
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            return first, await self.reader.readexactly(size)

    def send(self, first: int, payload: bytes = b"") -> None:
        """Send a masked frame, with a mask of zeros."""
        assert len(payload) < 126
        self.writer.write(bytes((first, 0x80 | len(payload), 0, 0, 0, 0)) + payload)


@contextlib.asynccontextmanager
async def raw(site: Site, *, more: str = "", room: int | None = None) -> AsyncIterator[Raw]:
    """Connect; with *room*, the kernel takes about that many bytes for a client that does not read."""
    client = socket.socket()
    if room:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", site.port))
    reader, writer = await asyncio.open_connection(sock=client, limit=1024)
    writer.write(UPGRADE.format(more=more).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101")
    await wait_until(lambda: site.sinks, what="the application")
    yield Raw(reader, writer)
    writer.transport.abort()


async def test_control_frames_keep_their_place(site: Site) -> None:
    """Pings, pongs and messages come whole and one after the other, also between a client's fragments."""
    async with raw(site) as client:
        client.send(0x01, b"frag")
        client.send(0x89, b"in between")
        got = [await client.frame()]
        site.sinks[0].write(["one"])
        await site.sends[0]({"type": "websocket.send", "text": "two"})
        site.sinks[0].write(Texts(["three", "four"]))
        client.send(0x80, b"ment")
        while (0x81, b"four") not in got or not any(first == 0x89 for first, _ in got):
            got.append(await client.frame())
        assert [frame for frame in got if frame[0] != 0x89] == [
            (0x8A, b"in between"), (0x81, b"one"), (0x81, b"two"), (0x81, b"three"), (0x81, b"four"),
        ]  # fmt: skip
        await wait_until(lambda: site.received)
        assert site.received[0]["text"] == "fragment"


async def test_nothing_is_written_into_the_opening_handshake(site: Site) -> None:
    """What the application writes before it accepts is dropped, and what comes after arrives."""
    site.early.append(Texts(["too early"]).plain)
    async with raw(site) as client:
        site.sinks[0].write(["in time"])
        assert await client.frame() == (0x81, b"in time")


async def test_nothing_is_written_into_the_closing_handshake(site: Site) -> None:
    """After the server's close frame comes nothing, whoever writes, until the client's own ends the connection."""
    async with raw(site) as client:
        sink = site.sinks[0]
        sink.write(["last"])
        sink.close(RESTART, reconnect=True)
        sink.write(["after the close"])
        await sink.ended()
        sink.put(Texts(["past the sink"]).plain)
        got = [frame for frame in [await client.frame() for _ in range(3)] if frame[0] != 0x89]
        assert [got[0], json.loads(got[1][1])["code"]] == [(0x81, b"last"), 1012]
        assert got[2:] == [] or got[2][1][:2] == (1012).to_bytes(2, "big")
        client.send(0x88, (1012).to_bytes(2, "big"))
        rest = await client.reader.read()
        assert b"after" not in rest
        assert b"past" not in rest


async def test_a_client_that_closes_gets_its_close_and_no_more(site: Site) -> None:
    """Its close frame is answered with one, and what is written from then on goes nowhere."""
    async with raw(site) as client:
        client.send(0x88, (1000).to_bytes(2, "big"))
        await wait_until(lambda: site.received)
        site.sinks[0].write(["too late"])
        assert b"late" not in await client.reader.read()


async def test_compression_is_shared_and_depends_on_nothing_before(site: Site) -> None:
    """A long message that several get is compressed once; a short one, and what one client alone gets, is not."""
    more = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    async with raw(site, more=more) as client, raw(site) as plain:
        await wait_until(lambda: len(site.sinks) == 2)
        shared = Texts([LONG])
        for sink in site.sinks:
            for texts in (shared, shared, Texts(["short"]), [LONG]):
                sink.write(texts)
        got = [await client.frame() for _ in range(4)]
        assert [first for first, _ in got] == [0xC1, 0xC1, 0x81, 0x81]
        assert got[0] == got[1]
        assert zlib.decompressobj(-15).decompress(got[0][1]).decode() == LONG
        assert await plain.frame() == (0x81, LONG.encode())


@pytest.mark.parametrize(
    ("offer", "compressed"),
    [
        (ClientPerMessageDeflateFactory(), True),
        (ClientPerMessageDeflateFactory(client_max_window_bits=9), True),
        (ClientPerMessageDeflateFactory(server_max_window_bits=15), True),
        (ClientPerMessageDeflateFactory(server_max_window_bits=9), False),
    ],
    ids=["as browsers offer it", "small window of the client", "full window", "small window of the server"],
)
async def test_another_implementation_understands_it(
    site: Site, offer: ClientPerMessageDeflateFactory, compressed: bool
) -> None:
    """In both directions, many messages long; a client that asks for a smaller window is served uncompressed."""
    address = f"ws://127.0.0.1:{site.port}"
    async with connect(address, extensions=[offer], compression=None, proxy=None) as client:
        assert bool(client.protocol.extensions) is compressed
        await wait_until(lambda: site.sinks)
        for _ in range(3):
            site.sinks[0].write(Texts([LONG, "short"]))
            assert [await client.recv(), await client.recv()] == [LONG, "short"]
            await client.send(LONG)
        await wait_until(lambda: len(site.received) == 3)
        assert {message["text"] for message in site.received} == {LONG}


async def test_a_bomb_does_not_go_off(site: Site) -> None:
    """A message that would become longer than a message may be ends the connection, before it has become so."""
    more = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    async with raw(site, more=more) as client:
        compressor = zlib.compressobj(9, wbits=-15)
        bomb = compressor.compress(b"\0" * 80_000) + compressor.flush(zlib.Z_SYNC_FLUSH)
        client.send(0xC1, bomb[:-4])
        while (frame := await client.frame())[0] != 0x88:
            pass
        assert frame[1][:2] == (1009).to_bytes(2, "big")
        assert [message["type"] for message in site.received] == ["websocket.disconnect"]


async def test_a_slow_client_gets_everything_in_order(site: Site) -> None:
    """What the kernel does not take waits, and leaves when the client reads; control frames come between."""
    texts = [f"{number} {'x' * 1000}" for number in range(220)]
    async with raw(site, room=4096) as client:
        sink = site.sinks[0]
        for text in texts:
            sink.write([text])
        drained = asyncio.create_task(sink.drained())
        got: list[str] = []
        while len(got) < len(texts):
            first, payload = await client.frame()
            got += [payload.decode()] if first == 0x81 else []
        assert got == texts
        await drained


async def test_a_client_that_is_too_slow_is_closed(site: Site) -> None:
    """Over the limit it gets 4100, where it reads after all; what waited is dropped, and nothing comes after.

    The limit is near: the kernel by itself would take megabytes more.
    """
    more = Texts(["x" * 1000])
    async with raw(site, room=4096) as client:
        sink = site.sinks[0]
        while sink.ending is None:
            sink.write(more)
            await asyncio.sleep(0)
        assert sink.sent.size < LIMIT + 300_000
        last = frame = (0, b"")
        while frame[0] != 0x88:
            last = frame if frame[0] == 0x81 else last
            frame = await client.frame()
        assert json.loads(last[1])["code"] == CloseCode.SLOW_CONSUMER
        assert frame[1][:2] == (4100).to_bytes(2, "big")


async def test_a_client_that_takes_nothing_is_dropped(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not get even its close, and the connection ends all the same."""
    monkeypatch.setattr("realtime.sink.CLOSE_PATIENCE", 0.2)
    async with raw(site, room=4096):
        for _ in range(20_000):
            site.sinks[0].write(Texts(["x" * 1000]))
        await wait_until(lambda: site.received, what="the end of the connection")
        await wait_until(lambda: not site.server.server_state.connections)


async def test_a_server_that_ends_closes_between_frames(site: Site) -> None:
    """Also a client that is slow gets whole frames and then 1012."""
    async with raw(site, room=4096) as client:
        for _ in range(300):
            site.sinks[0].write(Texts(["x" * 1000]))
        site.server.should_exit = True
        while (frame := await client.frame())[0] != 0x88:
            assert frame in [(0x81, b"x" * 1000)] or frame[0] == 0x89
        assert frame[1][:2] == (1012).to_bytes(2, "big")


async def test_it_is_the_same_under_tls(secure: Site, trusting: ssl.SSLContext) -> None:
    """Messages, their order among those sent through ASGI, and the close."""
    address = f"wss://127.0.0.1:{secure.port}"
    async with connect(address, ssl=trusting, server_hostname="localhost", proxy=None) as client:
        await wait_until(lambda: secure.sinks)
        secure.sinks[0].write(Texts([LONG]))
        await secure.sends[0]({"type": "websocket.send", "text": "through ASGI"})
        secure.sinks[0].write(["x" * 300_000])
        secure.sinks[0].close(RESTART, reconnect=True)
        got = [await client.recv(), await client.recv(), await client.recv(), await client.recv()]
        assert [*map(len, got[:3]), json.loads(got[3])["type"]] == [len(LONG), 12, 300_000, "disconnect"]
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
