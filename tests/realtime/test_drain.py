"""Tests of how a real server hands its clients over: SIGTERM, with every kind of client on it."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from realtime.protocol import SUBPROTOCOL
from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server, environment, manage
from tests.support.waiting import wait_for

GRACE = 12
SOCKETS = 8
"""Half of them v1, half of them older ones."""
UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def ends(client: ClientConnection) -> tuple[dict[str, Any], int | None]:
    """Return the last message of a connection and its close code."""
    last: dict[str, Any] = {}
    try:
        while True:
            last = json.loads(client.recv(timeout=GRACE))
    except ConnectionClosed as closed:
        return last, closed.rcvd.code if closed.rcvd else None


def follow(server: Server) -> str:
    """Return everything that an event stream says before it ends."""
    with server.client() as client, client.stream("GET", "/api/v1/stream?topics=notifications") as answer:
        return "".join(answer.iter_text())


def poll(server: Server, cursor: str) -> httpx.Response:
    """Return what a poll that waits for a minute is answered."""
    with server.client() as client:
        return client.get("/api/v1/changes", params={"topics": "notifications", "since": cursor, "wait": 60})


@contextmanager
def stalled(server: Server) -> Iterator[None]:
    """Hold a WebSocket that answers nothing, not even its close, which makes the server wait for it."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(UPGRADE.format(port=server.port).encode())
        assert client.recv(12) == b"HTTP/1.1 101"
        yield


def unready(probes: list[httpx.Client]) -> bool:
    """Return whether a process says, on a connection that it kept alive, that it takes nobody any more."""
    for probe in probes:
        try:
            if probe.get("/readyz").status_code == 503:
                return True
        except httpx.TransportError:
            continue  # Its process has ended.
    return False


@pytest.fixture
def one(start_server: StartServer) -> Server:
    """A server of one process."""
    return start_server(**LOCAL, GRACEFUL_TIMEOUT=str(GRACE))


@pytest.fixture
def two(start_server: StartServer, postgres_url: str, valkey_url: str) -> Server:
    """A server of two processes, on Valkey and on a PostgreSQL database of this test's own."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS drained")
        connection.execute("CREATE DATABASE drained")
    url = urlsplit(postgres_url)._replace(path="/drained").geturl()
    env = {**LOCAL, "DATABASE_URL": url, "REDIS_URL": valkey_url, "GRACEFUL_TIMEOUT": str(GRACE)}
    manage("migrate", "-v", "0", env=environment(**env))
    server = start_server("--workers", "2", **env)
    wait_for(lambda: server.log.count("Application startup complete") == 2, 30)
    return server


@pytest.mark.parametrize("kind", ["one", "two"])
def test_every_client_is_handed_over(kind: str, request: pytest.FixtureRequest) -> None:
    """Each is told to come back at a time of its own, `/readyz` turns 503 meanwhile, and the server exits 0 in time."""
    server: Server = request.getfixturevalue(kind)
    with ExitStack() as stack:
        probes = [stack.enter_context(server.client()) for _ in range(SOCKETS)]
        threads = stack.enter_context(ThreadPoolExecutor(2))
        cursor = probes[0].get("/api/v1/changes?topics=notifications&wait=0").json()["cursor"]
        # First, so that both have long been waiting when the last of the others is there.
        requests = threads.submit(follow, server), threads.submit(poll, server, cursor)
        sockets = [stack.enter_context(subscribed(server, v1=number % 2 == 0)) for number in range(SOCKETS)]
        assert {probe.get("/readyz").status_code for probe in probes} == {200}
        with ExitStack() as held:
            for _ in range(SOCKETS):
                held.enter_context(stalled(server))
            wait_for(lambda: server.log.count("] connect [realtime.audit]") >= 2 * SOCKETS, what="all clients")
            wait_for(lambda: "GET /api/v1/stream" in server.log, what="the stream")
            started = time.monotonic()
            os.kill(server.pid, signal.SIGTERM)
            wait_for(lambda: unready(probes), GRACE, "/readyz to turn 503")
            handed_over(sockets)
            answered(*requests)
        assert server.wait(GRACE) == 0
        assert time.monotonic() - started < GRACE
    assert "Traceback" not in server.log


@contextmanager
def subscribed(server: Server, *, v1: bool) -> Iterator[ClientConnection]:
    """Give a client that has subscribed."""
    with connect(server.ws_url, proxy=None, subprotocols=[SUBPROTOCOL] if v1 else None) as client:
        client.send('{"type": "subscribe", "topics": ["notifications"]}')
        while json.loads(client.recv(timeout=10))["type"] != "subscription":
            pass
        yield client


def handed_over(sockets: list[ClientConnection]) -> None:
    """Check what the clients over WebSocket were told at their end."""
    told = [ends(client) for client in sockets]
    assert {(last["type"], last["code"], last["reconnect"], code) for last, code in told} == {
        ("disconnect", 1012, True, 1012)
    }
    waits = [last["retry_after_ms"] for last, _ in told]
    assert min(waits) >= 200
    assert len(set(waits)) > 1, "Everybody was told to come back at the same time."


def answered(streaming: "Future[str]", polling: "Future[httpx.Response]") -> None:
    """Check that the stream ended with a `disconnect`, and that the poll was answered long before its time."""
    data = [line for line in streaming.result(GRACE).splitlines() if line.startswith("data: ")]
    last = json.loads(data[-1].removeprefix("data: "))
    assert (last["type"], last["code"], last["reconnect"]) == ("disconnect", 1012, True)
    answer = polling.result(GRACE)
    assert answer.status_code == 200
    assert answer.json()["cursor"]
