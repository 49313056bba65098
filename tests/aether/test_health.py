"""Tests of /healthz and /readyz."""

import re

import httpx
from django.test import Client, override_settings

from tests.conftest import LOCAL, StartServer
from tests.support.ports import free_port
from tests.support.servers import Server
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
    server = start_server(ready=False, DATABASE_URL=away, DATABASE_TIMEOUT="1")
    wait_for(lambda: lives(server), 30)
    with server.client() as client:
        client.cookies.set("sessionid", "0123456789abcdef" * 2)
        for path in ("/readyz", "/api/schema", "/admin/"):
            answer = client.get(path)
            assert (path, answer.status_code) == (path, 503)
            assert int(answer.headers["Retry-After"]) > 0


def test_server_without_its_channel_layer_is_degraded_and_serves(start_server: StartServer) -> None:
    """While Valkey is away the server says so, stays in service, and what is written still arrives."""
    server = start_server(**LOCAL, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    with server.client() as client:
        wait_for(lambda: client.get("/readyz").json()["status"] == "degraded", 10)
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["channel_layer"]) == (200, "degraded")
        cursor = client.get("/api/v1/changes?topics=notifications&wait=0").json()["cursor"]
        assert client.post("/api/v1/notifications", json={"title": "No layer"}).status_code == 201
        news = client.get("/api/v1/changes", params={"topics": "notifications", "since": cursor, "wait": 10})
        assert "No layer" in news.text


def test_probe_may_use_any_host(client: Client) -> None:
    """A probe asks the machine's address, by http, from wherever it runs."""
    with override_settings(SECURE_SSL_REDIRECT=True, DEBUG=True, AUTH_ENABLED=False):
        assert client.get("/healthz", HTTP_HOST="10.1.2.3:8000", REMOTE_ADDR="10.9.9.9").status_code == 200
        assert client.post("/healthz", HTTP_HOST="10.1.2.3:8000").status_code == 405


def lives(server: Server) -> bool:
    """Return whether the server's process answers."""
    try:
        return httpx.get(f"{server.url}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
