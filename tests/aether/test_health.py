"""Tests of /healthz and /readyz."""

import re

import httpx
from django.test import Client

from tests.conftest import StartServer
from tests.support.servers import Server, free_port
from tests.support.waiting import wait_for

ABOUT = {"status", "version", "timestamp", "build"}


def test_healthz_does_not_touch_the_database(client: Client) -> None:
    """The process says that it lives without a query, which pytest would refuse here, and without a login."""
    answer = client.get("/healthz", HTTP_HOST="localhost")
    assert answer.status_code == 200
    assert set(answer.json()) == ABOUT
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer.json()["timestamp"])


def test_server_lives_while_its_database_is_away(start_server: StartServer) -> None:
    """A server whose database is away starts, lives, is not ready, and asks its clients to come back."""
    away = f"postgresql://nobody:nothing@127.0.0.1:{free_port()}/none"
    server = start_server(ready=False, DATABASE_URL=away)
    wait_for(lambda: lives(server), 30)
    with server.client() as client:
        client.cookies.set("sessionid", "of-somebody")
        for path in ("/readyz", "/api/schema", "/admin/"):
            answer = client.get(path)
            assert (path, answer.status_code) == (path, 503)
            assert int(answer.headers["Retry-After"]) > 0


def lives(server: Server) -> bool:
    """Return whether the server's process answers."""
    try:
        return httpx.get(f"{server.url}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
