"""Revocation across a cluster: two nodes on one PostgreSQL and one Valkey, and a command line beside them."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.conftest import StartServer
from tests.support.servers import Server, environment, manage

PASSWORD = "correct horse battery staple"
SECOND = 1.0
PEOPLE = f"""
from django.contrib.auth.models import Group, User
from realtime import tokens
for name in ("ada", "bob"):
    user = User.objects.create_user(name, password={PASSWORD!r})
    user.groups.add(Group.objects.get(name="Reader"))
    print(tokens.create(user, "a script")[1])
"""


@dataclass
class Cluster:
    """Two nodes, an API token of each of two people, and the sockets that are open."""

    here: Server
    there: Server
    tokens: list[str]
    sockets: ExitStack

    def dial(self, server: Server, **headers: str) -> ClientConnection:
        """Return a socket on *server*; it ends with the cluster."""
        opened = connect(server.ws_url, additional_headers=headers, proxy=None, origin=server.url)
        return self.sockets.enter_context(opened)

    def follow(self, server: Server, token: str) -> ClientConnection:
        """Return a socket on *server* that came with an API token and is subscribed."""
        socket = self.dial(server, Authorization=f"Token {token}")
        socket.send(json.dumps({"type": "subscribe", "topics": ["notifications"]}))
        while json.loads(socket.recv(10))["type"] != "subscription":
            pass
        return socket


@pytest.fixture
def cluster(start_server: StartServer, postgres_url: str, valkey_url: str) -> Iterator[Cluster]:
    """A cluster with a database of its own."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE revocation")
    url = urlsplit(postgres_url)._replace(path="/revocation").geturl()
    env = {"DATABASE_URL": url, "REDIS_URL": valkey_url}
    manage("migrate", "-v", "0", env=environment(**env))
    here, there = start_server(**env), start_server(**env)
    with ExitStack() as sockets:
        yield Cluster(here, there, re.findall(r"aether_\w+", here.python(PEOPLE)), sockets)
    here.stop()
    there.stop()
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("DROP DATABASE revocation WITH (FORCE)")


def took(revoke: Callable[[], object], socket: ClientConnection) -> float:
    """Revoke, and return the seconds from when that was done until the socket had ended."""
    revoke()
    done = time.monotonic()
    assert json.loads(socket.recv(10))["reason"] == "Session ended"
    with pytest.raises(ConnectionClosed):
        socket.recv(10)
    return time.monotonic() - done


@pytest.mark.timeout(300)  # Two databases are migrated and two servers start.
def test_what_is_revoked_on_one_node_ends_on_the_other(cluster: Cluster) -> None:
    """A token by REST, a session by logout, an account by the command line: each within a second, on the other node."""
    ada, bob = cluster.tokens
    took_by: dict[str, float] = {}
    with cluster.here.log_in("ada", PASSWORD) as browser:
        tab = cluster.dial(cluster.there, Cookie=f"sessionid={browser.cookies['sessionid']}")
        assert [json.loads(tab.recv(10))["type"] for _ in range(2)] == ["connection", "initial_state"]
        socket = cluster.follow(cluster.there, ada)
        (listed,) = browser.get("/api/v1/tokens").json()["tokens"]
        took_by["token, by REST"] = took(lambda: browser.delete(f"/api/v1/tokens/{listed['id']}"), socket)
        took_by["session, by logout"] = took(lambda: browser.post("/accounts/logout/"), tab)
    socket = cluster.follow(cluster.there, bob)
    deactivate = "from django.contrib.auth.models import User; u = User.objects.get(username='bob'); "
    took_by["account, by a command"] = took(
        lambda: cluster.here.python(f"{deactivate}u.is_active = False; u.save()"), socket
    )
    assert max(took_by.values()) < SECOND, took_by
