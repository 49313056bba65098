"""Tests of the log: its two forms, the ids that run through it, and that neither a text nor a secret is in it."""

import contextlib
import json
import sqlite3
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.conftest import StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for

PASSWORD = "the-password-7f3a"
WRONG = "the-wrong-password-81cc"
MARKER = "MARKER-5d1e"
TOKEN = "the-token-20ab"
TICKET = "the-ticket-93be"
ID = "9d3f0c52-from-the-proxy"
USERS = f"""
from django.contrib.auth.models import Permission, User
User.objects.create_superuser("anna", password="{PASSWORD}")
User.objects.create_user("ben", password="{PASSWORD}")
"""


def lines(server: Server) -> list[dict[str, Any]]:
    """Return the log's lines; each has to be one JSON object."""
    return [json.loads(line) for line in server.log.splitlines() if not line.startswith("  ")]


def events(server: Server, name: str) -> list[dict[str, Any]]:
    """Return what the audit said in the log under that name."""
    return [line for line in lines(server) if line["logger"] == "realtime.audit" and line["event"] == name]


def rows(server: Server) -> list[tuple[Any, ...]]:
    """Return every row of the audit, whole."""
    with contextlib.closing(sqlite3.connect(server.directory / "aether.sqlite3", timeout=10)) as database:
        return database.execute("SELECT * FROM realtime_auditevent ORDER BY id").fetchall()


@pytest.fixture
def talkative(start_server: StartServer) -> Server:
    """A server that logs everything, as JSON, and believes this machine's proxy; anna and ben may log in."""
    server = start_server(LOG_LEVEL="DEBUG", LOG_FORMAT="json", TRUSTED_PROXIES="127.0.0.1")
    server.python(USERS)
    return server


def drive(server: Server) -> set[str]:
    """Do everything that a person and a script can do, with secrets everywhere; return the secrets."""
    secrets = {PASSWORD, WRONG, MARKER, TOKEN, TICKET}
    with server.client() as stranger:
        stranger.get("/accounts/login/")
        form = {"username": WRONG, "password": WRONG, "csrfmiddlewaretoken": stranger.cookies["csrftoken"]}
        stranger.post("/accounts/login/", data=form, headers={"Referer": server.url})
        stranger.post("/accounts/login/", data={**form, "username": "anna"}, headers={"Referer": server.url})
        stranger.post("/accounts/login/", data={"username": "anna", "password": WRONG})
        stranger.get(f"/api/v1/notifications?search={MARKER}", headers={"Authorization": f"Token {TOKEN}"})
        stranger.get(f"/accounts/login/?code={TOKEN}&next=/{MARKER}")
    for name in ("anna", "ben"):
        with server.log_in(name, PASSWORD) as client:
            secrets |= {client.cookies["sessionid"], client.cookies["csrftoken"]}
            write(server, client)
            listen(server, client)
            client.post("/accounts/logout/")
    return secrets


def write(server: Server, client: httpx.Client) -> None:
    """Create, break, read and delete notifications with the marker in all of their texts."""
    texts = {"title": MARKER, "message": MARKER, "metadata": {MARKER: MARKER}, "related_entity": MARKER}
    made = client.post("/api/v1/notifications", json=texts)
    client.post("/api/v1/notifications", json={"title": MARKER * 1_000})
    client.post("/api/v1/notifications", content=f'{{"title": "{MARKER}')
    client.get(f"/api/v1/notifications/nowhere?search={MARKER}")
    if made.status_code == 201:
        form = {"action": "delete_selected", "_selected_action": made.json()["id"], "post": "yes"}
        form |= {"csrfmiddlewaretoken": client.headers["X-CSRFToken"]}
        assert client.post("/admin/notifications/notification/", data=form).status_code == 302


def listen(server: Server, client: httpx.Client) -> None:
    """Hear of a notification on every transport, and try what must not be."""
    cookie = f"sessionid={client.cookies['sessionid']}"
    with connect(server.ws_url, origin=server.url, additional_headers={"Cookie": cookie}, proxy=None) as socket:
        for message in (
            {"type": "subscribe", "topics": ["notifications"], "snapshot": True},
            {"type": "auth", "ticket": TICKET, "token": TOKEN},
            {"type": MARKER, "text": MARKER},
        ):
            socket.send(json.dumps(message))
        socket.send(f'{{"broken": "{MARKER}')
        server.manage("notify", MARKER, MARKER)
        wait_for(lambda: json.loads(socket.recv(timeout=10))["type"] == "notification", what="the notification")
    client.get("/api/v1/changes?topics=notifications&wait=0")
    client.get(f"/api/v1/changes?topics=notifications&wait=0&since={MARKER}")
    with client.stream("GET", "/api/v1/stream?topics=notifications") as answer:
        next(answer.iter_lines())
    headers = {"Cookie": f"{cookie}; other={TOKEN}", "Authorization": f"Token {TOKEN}"}
    with (
        pytest.raises(InvalidStatus),
        connect(server.ws_url, origin=f"https://evil.example/{MARKER}", additional_headers=headers, proxy=None),
    ):
        pass
    with connect(server.ws_url, proxy=None) as socket:
        socket.send(json.dumps({"type": "auth", "ticket": TICKET}))
        with contextlib.suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=10)


def test_neither_a_text_nor_a_secret_is_told(talkative: Server) -> None:
    """Whatever people do, and at DEBUG, no line and no row has a text, a password, a cookie, a token or a ticket."""
    secrets = drive(talkative)
    wait_for(lambda: len(events(talkative, "logout")) == 2)
    assert talkative.stop() == 0
    assert "Traceback" not in talkative.log
    told = talkative.log + repr(rows(talkative))
    assert {secret for secret in secrets if secret in told} == set()
    assert {"sent", "received"} <= {line["event"] for line in lines(talkative)}
    kept = {row[2] for row in rows(talkative)}
    assert {"login", "logout", "login_failed", "refused", "unauthorized", "denied", "admin_write"} <= kept


def test_each_line_has_its_ids(talkative: Server) -> None:
    """Each line of a request has the id that was answered, and each of a connection the one that its client is told."""
    with talkative.log_in("anna", PASSWORD) as client:
        answer = client.get("/api/v1/notifications/nowhere")
        stream = client.get("/api/v1/changes?topics=nowhere")
        cookie = f"sessionid={client.cookies['sessionid']}"
    identifier = answer.headers["X-Request-ID"]
    assert answer.json()["request_id"] == identifier
    assert stream.json()["request_id"] == stream.headers["X-Request-ID"] != identifier
    with connect(talkative.ws_url, origin=talkative.url, additional_headers={"Cookie": cookie}, proxy=None) as socket:
        client_id = json.loads(socket.recv(timeout=10))["client_id"]
        socket.send('{"type": "subscribe", "topics": ["notifications"]}')
        socket.send('{"type": "ping"}')
        wait_for(lambda: json.loads(socket.recv(timeout=10))["type"] == "pong")
    wait_for(lambda: client_id in {line["client_id"] for line in events(talkative, "disconnect")})
    of = {line["event"] for line in lines(talkative) if line.get("client_id") == client_id}
    assert {"connect", "subscribe", "received", "sent", "disconnect"} == of
    assert [line["event"] for line in lines(talkative) if line.get("request_id") == identifier][-1] == "request"
    loose = ("uvicorn.error", "realtime.node")
    assert [line for line in lines(talkative) if "request_id" not in line and line["logger"] not in loose] == []


def test_a_disconnect_tells_how_it_was(talkative: Server) -> None:
    """The end of a connection says who ended it, why, how long it lasted and how much went each way."""
    with talkative.log_in("anna", PASSWORD) as client:
        cookie = f"sessionid={client.cookies['sessionid']}"
    with connect(talkative.ws_url, origin=talkative.url, additional_headers={"Cookie": cookie}, proxy=None) as socket:
        texts = [socket.recv(timeout=10) for _ in range(2)]
        socket.send('{"type": "ping"}')
        texts.append(socket.recv(timeout=10))
    [line] = wait_for(lambda: events(talkative, "disconnect"))
    assert (line["by"], line["code"], line["transport"]) == ("client", 1000, "websocket")
    headers = sum(2 if len(text) < 126 else 4 for text in texts)
    assert (line["messages_sent"], line["bytes_sent"]) == (3, sum(map(len, texts)) + headers)
    assert (line["messages_received"], line["bytes_received"]) == (1, 16)
    assert (line["user"], line["address"]) == ("anna", "127.0.0.1")
    assert 0 < line["duration"] < 60


def test_only_a_trusted_proxy_gives_the_id(talkative: Server, start_server: StartServer) -> None:
    """A proxy's sane id is kept; one from anyone else, or one that could break a line, is not."""
    with talkative.client() as client:
        forwarded = {"X-Forwarded-For": "192.0.2.9"}
        assert client.get("/healthz", headers={"X-Request-ID": ID, **forwarded}).headers["X-Request-ID"] == ID
        for wrong in ("short", "x" * 65, 'a"b c{d}efgh', "тест-тест".encode()):
            assert len(client.get("/healthz", headers={"X-Request-ID": wrong}).headers["X-Request-ID"]) == 32
    with start_server().client() as client:
        assert client.get("/healthz", headers={"X-Request-ID": ID}).headers["X-Request-ID"] != ID
    [line] = wait_for(lambda: [line for line in lines(talkative) if line.get("request_id") == ID])
    assert (line["event"], line["path"], line["status"], line["address"]) == ("request", "/healthz", 200, "192.0.2.9")


def test_console_is_for_people(start_server: StartServer) -> None:
    """With DEBUG a line is a sentence with its fields, without colours where nobody looks at a terminal."""
    server = start_server(LOG_LEVEL="INFO")
    with server.client() as client:
        identifier = client.get(f"/healthz?{MARKER}").headers["X-Request-ID"]
    [line] = wait_for(lambda: [line for line in server.log.splitlines() if identifier in line])
    assert '"GET /healthz HTTP/1.1" 200' in line
    assert "\x1b" not in server.log
    assert MARKER not in server.log
