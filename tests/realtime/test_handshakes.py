"""Tests of clients that connect and send nothing, or half a request: against a real server, over real sockets."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.sync.client import connect

from realtime import handshakes
from tests.conftest import LOCAL
from tests.support.servers import Server
from tests.support.waiting import wait_for

CROWD = 200
PATIENCE = 1
"""The server's, in seconds."""
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/v1/notifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def impatient(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for a second."""
    limits = {"HANDSHAKE_TIMEOUT": str(PATIENCE), "REQUEST_TIMEOUT": str(PATIENCE), "LIMIT_CONNECTIONS": "50"}
    server = Server(tmp_path_factory.mktemp("impatient"), migrated_database, **LOCAL, **limits)
    yield server.start()
    server.stop()


@pytest.fixture
def dial(impatient: Server) -> Iterator[Callable[[bytes], socket.socket]]:
    """Open sockets to the server that send some bytes; they end with the test."""
    with ExitStack() as stack:

        def dialled(sent: bytes) -> socket.socket:
            opened = stack.enter_context(socket.create_connection(("127.0.0.1", impatient.port), timeout=10))
            opened.sendall(sent)
            return opened

        yield dialled


def rest(opened: socket.socket) -> bytes:
    """Return everything that still comes until the server ends the connection."""
    got = b""
    try:
        while more := opened.recv(65_536):
            got += more
    except ConnectionResetError:
        pass
    return got


@pytest.mark.parametrize("sent", [b"", b"GET /ws HT", HEAD, b"\r\n\r\n", HEAD + b"\r\n"])
def test_half_open_handshakes_keep_nobody_out_and_end(
    impatient: Server, dial: Callable[[bytes], socket.socket], sent: bytes
) -> None:
    """Beside 200 sockets that send nothing or half a request others connect at once; in the end all 200 are gone."""
    started = time.monotonic()
    crowd = [dial(sent) for _ in range(CROWD)]
    with connect(impatient.ws_url, proxy=None) as client, impatient.client() as http:
        assert '"connection"' in client.recv(timeout=5)
        assert http.get("/healthz").status_code == 200
        assert time.monotonic() - started < 5
        for one in crowd:
            rest(one)
        client.send('{"type":"ping"}')
        while '"pong"' not in client.recv(timeout=5):
            pass


def test_a_byte_at_a_time_is_no_way_around(dial: Callable[[bytes], socket.socket]) -> None:
    """The time is for the whole head: whoever keeps sending is ended all the same."""
    opened, started = dial(HEAD), time.monotonic()

    def ended() -> bool:
        try:
            opened.sendall(b"X: y\r\n")
        except OSError:
            return True
        return False

    wait_for(ended, PATIENCE + 5)
    assert time.monotonic() - started > PATIENCE / 2


def test_more_silent_sockets_than_there_is_room_for(impatient: Server, dial: Callable[[bytes], socket.socket]) -> None:
    """Those that have been silent for longest make room, and others go on connecting."""
    first = [dial(b"") for _ in range(20)]
    for _ in range(50 + handshakes.SPARE):
        dial(b"")
    started = time.monotonic()
    for one in first:
        assert rest(one) == b""
    assert time.monotonic() - started < PATIENCE
    with connect(impatient.ws_url, proxy=None) as client:
        assert '"connection"' in client.recv(timeout=5)


def test_unfinished_bodies_make_room(impatient: Server, dial: Callable[[bytes], socket.socket]) -> None:
    """Nobody is kept out by those who announce a body and do not send it: the oldest of them goes."""
    first = dial(POST + b"Content-Length: 10\r\n\r\n")
    started = time.monotonic()
    for _ in range(50 + handshakes.SPARE):
        dial(POST + b"Content-Length: 10\r\n\r\n")
    with impatient.client() as client:
        assert client.get("/healthz").status_code == 200
    assert rest(first) == b""
    assert time.monotonic() - started < PATIENCE


def test_a_body_that_never_ends_is_given_up(dial: Callable[[bytes], socket.socket]) -> None:
    """A request whose body stops in the middle ends, and its view is never called."""
    assert b"201" not in rest(dial(POST + b'Content-Length: 99\r\n\r\n{"title":'))


def test_a_kept_connection_is_no_way_around(impatient: Server, dial: Callable[[bytes], socket.socket]) -> None:
    """After an answer, blank lines or half a request keep a connection no longer than before it."""
    for sent in (b"\r\n", b"GET /he"):
        opened = dial(HEAD + b"\r\n")
        assert b"200 OK" in opened.recv(65_536)
        opened.sendall(sent)
        rest(opened)


def test_an_endless_head_is_refused(dial: Callable[[bytes], socket.socket]) -> None:
    """Headers without end fill no memory: 431."""
    opened = dial(HEAD)
    try:
        for _ in range(handshakes.HEAD_SIZE // 1_000 + 300):
            opened.sendall(b"X-Long: " + b"x" * 990 + b"\r\n")
    except OSError:
        return
    assert rest(opened).startswith(b"HTTP/1.1 431")


def test_an_endless_body_is_refused(impatient: Server, dial: Callable[[bytes], socket.socket]) -> None:
    """A body that goes on and on fills no disk: 413, or an end where the client does not stop to read it."""
    opened = dial(POST + b"Content-Length: 99999999\r\n\r\n")
    sent = 0
    try:
        while sent < 60_000_000:
            sent += opened.send(b"x" * 65_536)
        raise AssertionError("All of it was taken.")
    except OSError:
        assert sent < handshakes.BODY_SIZE * 2


def test_long_answers_are_not_cut(impatient: Server) -> None:
    """An event stream and a WebSocket live on when the time of a handshake is over."""
    until = time.monotonic() + 2 * PATIENCE
    with (
        impatient.client() as http,
        connect(impatient.ws_url, proxy=None) as client,
        http.stream("GET", "/api/v1/stream", params={"topics": "notifications"}) as stream,
    ):
        lines = stream.iter_lines()
        wait_for(lambda: time.monotonic() > until, what="twice the time of a handshake")
        with impatient.client() as writer:
            assert writer.post("/api/v1/notifications", json={"title": "Still there"}).status_code == 201
        assert any("Still there" in line for line in lines)
        client.send('{"type":"ping"}')
        while '"pong"' not in client.recv(timeout=5):
            pass
