"""Tests of `manage.py serve` and `runserver`: the real server as a person starts it."""

import json
import re
import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from websockets.sync.client import ClientConnection, connect

from tests.conftest import LOCAL, StartServer
from tests.support.ports import free_port
from tests.support.servers import Server, environment, manage
from tests.support.waiting import wait_for

PRODUCTION = {"DEBUG": "", "AUTH_ENABLED": ""}


def test_prints_its_urls(server: Server) -> None:
    """A person who starts the server reads where to find what."""
    for url in (f"{server.url}/", f"{server.url}/api/docs", f"{server.url}/admin/", server.ws_url):
        assert f" {url}\n" in server.log


def test_stops_cleanly(server: Server) -> None:
    """A SIGTERM ends the server in time, with 0 and without a traceback."""
    assert server.stop() == 0
    assert "Traceback" not in server.log


def test_browser_opens_the_admin(server: Server, page: Page) -> None:
    """With login off, a real browser opens the admin without a password."""
    page.goto(f"{server.url}/admin/")
    assert page.title() == "Last days | Aether"


def test_docs_load_without_internet(server: Server, page: Page) -> None:
    """The API's docs render, and everything that they load comes from this server."""
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(f"{server.url}/api/docs")
    page.get_by_role("heading", name="Aether API").wait_for()
    assert [url for url in loaded if not url.startswith((server.url, "data:", "blob:"))] == []


def test_production_serves_hashed_static_files(start_server: StartServer, tmp_path: Path) -> None:
    """Without DEBUG one command collects, hashes, compresses and serves the static files of every app."""
    server = start_server(**PRODUCTION, HTTPS="false", STATIC_ROOT=str(tmp_path / "static"))
    assert "Collected the static files." in server.log
    with server.client() as client:
        page = client.get("/admin/login/").text
        assert re.search(r'"/static/css/base\.\w+\.css"', page)
        collected = json.loads((tmp_path / "static" / "staticfiles.json").read_text())["paths"]
        path = f"/static/{collected['admin/css/base.css']}"
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert client.get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css").status_code == 200
        assert client.get("/static/../aether/settings.py").status_code == 404


def test_production_is_https_only(start_server: StartServer, tmp_path: Path) -> None:
    """Without DEBUG everything but the health routes is sent to https, and cookies stay there."""
    server = start_server(**PRODUCTION, ready=False, STATIC_ROOT=str(tmp_path / "static"), TRUSTED_PROXIES="127.0.0.1")
    wait_for(lambda: "startup complete" in server.log, 30)
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
        moved = client.get("/accounts/login/")
        assert (moved.status_code, moved.headers["Location"][:8]) == (301, "https://")
        page = client.get("/accounts/login/", headers={"X-Forwarded-Proto": "https"})
        assert page.status_code == 200
        assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
        assert "Secure" in page.headers["Set-Cookie"]
        assert page.headers["X-Frame-Options"] == "DENY"


def test_second_start_does_not_collect_again(start_server: StartServer, tmp_path: Path) -> None:
    """What is collected already is not collected again."""
    server = start_server(**PRODUCTION, HTTPS="false", STATIC_ROOT=str(tmp_path / "static"))
    server.stop()
    server.start()
    assert server.log.count("Collected the static files.") == 1


def test_busy_port_is_named(server: Server) -> None:
    """A port in use ends the second server with a sentence that says what to do."""
    printed = manage("serve", "--port", str(server.port), env=server.env, check=False)
    assert f"Port {server.port} on 127.0.0.1 is already in use." in printed
    assert "PORT=" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("port", ["http", "70000", "-1"])
def test_impossible_port_is_refused(port: str) -> None:
    """A port that is no port gets a sentence."""
    printed = manage("serve", f"--port={port}", env=environment(), check=False)
    assert "is not a port" in printed


def test_older_schema_is_refused(tmp_path: Path) -> None:
    """A database that was not migrated ends the server with the command that migrates it."""
    sqlite3.connect(tmp_path / "empty.sqlite3").close()
    env = environment(DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert "python manage.py migrate" in manage("serve", "--port", str(free_port()), env=env, check=False)


def test_other_address_turns_login_on(migrated_database: Path) -> None:
    """An address that other machines can reach turns login on, and the server says so."""
    env = environment(AUTH_ENABLED="false", DATABASE_URL=f"sqlite:///{migrated_database}")
    # An address out of the block for documentation, which no machine has: nothing gets to listen.
    printed = manage("serve", "--host", "192.0.2.1", env=env, check=False)
    assert "Login is on: 192.0.2.1 can be reached from other machines." in printed
    assert "192.0.2.1 is not an address of this machine." in printed


def test_runserver_works_through_daphne(start_server: StartServer) -> None:
    """Django's own `runserver` serves the project through daphne."""
    server = start_server(daphne=True, AUTH_ENABLED="false")
    assert "Starting ASGI/Daphne" in server.log
    with server.client() as client:
        assert client.get("/api/schema").status_code == 200
        assert client.get("/static/admin/css/base.css").status_code == 200


def test_log_tells_each_request_once_and_no_handshake(server: Server) -> None:
    """Requests are logged once; the server's own lines for WebSockets are left out."""
    with connect(server.ws_url, proxy=None) as socket:
        socket.recv(timeout=10)
    with server.client() as client:
        client.get("/healthz")
    wait_for(lambda: "/healthz" in server.log)
    assert server.log.count('"GET /healthz HTTP/1.1" 200') == 1
    assert '"WebSocket /ws"' not in server.log
    assert "connection open" not in server.log


def test_workers_on_postgresql_and_valkey(start_server: StartServer, postgres_url: str, valkey_url: str) -> None:
    """Two workers serve from PostgreSQL, and what one of them commits reaches the clients of the other."""
    server = start_server("--workers", "2", ready=False, DATABASE_URL=postgres_url, REDIS_URL=valkey_url, **LOCAL)
    assert server.wait() == 1
    assert "python manage.py migrate" in server.log
    server.manage("migrate", "-v", "0")
    server.start("--workers", "2")
    wait_for(lambda: server.log.count("Application startup complete") == 2)
    with ExitStack() as stack, server.client() as client:
        sockets = [stack.enter_context(connect(server.ws_url, proxy=None)) for _ in range(8)]
        for socket in sockets:
            socket.send('{"type": "subscribe", "topics": ["notifications"]}')
            until(socket, "subscription")
        assert client.post("/api/v1/notifications", json={"title": "To every worker"}).status_code == 201
        for socket in sockets:
            assert until(socket, "notification")["data"]["title"] == "To every worker"


def until(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next message of a type."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=10))
        if message["type"] == kind:
            return message
