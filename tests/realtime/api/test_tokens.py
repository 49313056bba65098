"""Tests of API tokens and tickets over REST, the admin and the command line of a real server."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.servers import Server

PASSWORD = "correct horse battery staple"
PEOPLE = f"""
from django.contrib.auth.models import User
User.objects.create_superuser("root", password={PASSWORD!r})
for name in ("ada", "bob"):
    User.objects.create_user(name, password={PASSWORD!r})
"""
TOKENS, TICKET = "/api/v1/tokens", "/api/v1/ws/ticket"


@pytest.fixture(scope="module")
def guarded(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with login on: `root` may do everything, `ada` and `bob` nothing special."""
    server = Server(tmp_path_factory.mktemp("tokens"), migrated_database)
    server.python(PEOPLE)
    yield server.start()
    server.stop()


def make(client: httpx.Client, name: str = "nightly", **options: Any) -> dict[str, Any]:
    answer = client.post(TOKENS, json={"name": name, **options})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.json())


def bearing(server: Server, secret: str, scheme: str = "Token") -> httpx.Client:
    """Return a client that has an API token and nothing else."""
    return server.client(headers={"Authorization": f"{scheme} {secret}"})


def test_a_token_is_shown_once_and_works(guarded: Server) -> None:
    """It is made with a login, reads and writes without a CSRF token, and its secret is never told again."""
    with guarded.log_in("ada", PASSWORD) as browser:
        made = make(browser, days=7)
        listed = browser.get(TOKENS).json()["tokens"]
    assert made["token"].startswith("aether_")
    assert [token["id"] for token in listed] == [made["id"]]
    assert "token" not in listed[0]
    assert (listed[0]["name"], listed[0]["user"], listed[0]["last_used_at"]) == ("nightly", "ada", None)
    for scheme in ("Token", "Bearer"):
        with bearing(guarded, made["token"], scheme) as script:
            assert script.get("/api/v1/notifications").status_code == 200
            assert script.put("/api/v1/notifications/mark-all-read").status_code == 200
            assert script.get(TOKENS).json()["tokens"][0]["last_used_at"] is not None


@pytest.mark.parametrize("header", ["Token", "Token wrong", "Bearer a b", "Token aether_\xe9"])
def test_a_bad_token_answers_401(guarded: Server, header: str) -> None:
    """With a challenge and a sentence, and also where the session beside it is good; so do the streams."""
    with guarded.log_in("ada", PASSWORD) as browser:
        for path in ("/api/v1/notifications", TICKET, "/api/v1/changes?topics=notifications&wait=0"):
            method = "POST" if path == TICKET else "GET"
            answer = browser.request(method, path, headers={"Authorization": header.encode("latin-1")})
            assert answer.status_code == 401
            assert "Token" in answer.headers["WWW-Authenticate"]
            assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_token_in_the_url_is_nothing(guarded: Server) -> None:
    """No credential is taken from a URL."""
    with guarded.log_in("ada", PASSWORD) as browser:
        secret = make(browser)["token"]
    with guarded.client() as stranger:
        for path in ("/api/v1/notifications?", "/api/v1/changes?topics=notifications&wait=0&"):
            assert stranger.get(f"{path}token={secret}&access_token={secret}").status_code == 401


def test_a_token_reaches_itself_alone(guarded: Server) -> None:
    """A stolen token can neither make another, nor see or revoke its owner's others; it can end itself."""
    with guarded.log_in("ada", PASSWORD) as browser:
        one, two = make(browser, "one"), make(browser, "two")
        with bearing(guarded, one["token"]) as script:
            answer = script.post(TOKENS, json={"name": "another"})
            assert (answer.status_code, answer.json()["detail"]) == (403, "A token cannot make tokens; log in.")
            assert [token["id"] for token in script.get(TOKENS).json()["tokens"]] == [one["id"]]
            assert script.delete(f"{TOKENS}/{two['id']}").status_code == 404
            assert script.delete(f"{TOKENS}/{one['id']}").status_code == 204
            assert script.get(TOKENS).status_code == 401
        assert browser.delete(f"{TOKENS}/{two['id']}").status_code == 204


def test_others_tokens_are_not_there(guarded: Server) -> None:
    """Another user's token answers 404, as one that never was; who may manage all can list and revoke it."""
    with guarded.log_in("ada", PASSWORD) as ada, guarded.log_in("bob", PASSWORD) as bob:
        made = make(ada)
        assert bob.delete(f"{TOKENS}/{made['id']}").status_code == 404
        assert bob.get(TOKENS, params={"all": "true"}).json()["tokens"] == []
        assert bob.delete(f"{TOKENS}/no-uuid").status_code == 404
    with guarded.log_in("root", PASSWORD) as root:
        assert made["id"] not in [token["id"] for token in root.get(TOKENS).json()["tokens"]]
        assert made["id"] in [token["id"] for token in root.get(TOKENS, params={"all": "true"}).json()["tokens"]]
        assert root.delete(f"{TOKENS}/{made['id']}").status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"), ({"name": ""}, "name"), ({"name": "x" * 101}, "name"), ({"name": "x", "days": 0}, "days"),
        ({"name": "x", "days": 366}, "days"), ({"name": "x", "days": "long"}, "days"),
    ],
)  # fmt: skip
def test_what_a_token_is_asked_for_with_is_checked(guarded: Server, body: dict[str, Any], field: str) -> None:
    """A name, and a lifetime within the settings."""
    with guarded.log_in("ada", PASSWORD) as browser:
        answer = browser.post(TOKENS, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_credentials_need_the_csrf_token(guarded: Server) -> None:
    """A page of another site cannot make a token or a ticket with a visitor's session."""
    with guarded.log_in("ada", PASSWORD) as browser:
        del browser.headers["X-CSRFToken"]
        for path in (TOKENS, TICKET):
            assert browser.post(path, json={"name": "x"}).status_code == 403


def test_a_ticket_opens_one_socket_and_ends_with_the_session(guarded: Server) -> None:
    """It is used once, the socket is its maker's, and the maker's logout ends it."""
    with guarded.log_in("ada", PASSWORD) as browser:
        answer = browser.post(TICKET)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
        hello = json.dumps({"type": "auth", "ticket": answer.json()["ticket"]})
        with connect(guarded.ws_url, proxy=None) as socket, connect(guarded.ws_url, proxy=None) as second:
            socket.send(hello)
            assert [json.loads(socket.recv(10))["type"] for _ in range(3)] == ["auth", "connection", "initial_state"]
            second.send(hello)
            assert json.loads(second.recv(10))["reason"] == "Unauthorized"
            browser.post("/accounts/logout/")
            assert json.loads(socket.recv(1))["reason"] == "Session ended"
            with pytest.raises(ConnectionClosed):
                socket.recv(1)
    assert answer.json()["ticket"] not in guarded.log


def test_a_stream_and_a_poll_end_with_their_token(guarded: Server) -> None:
    """Server-sent events and a waiting poll are ended within a second of the token, and told why."""
    with guarded.log_in("ada", PASSWORD) as browser:
        made = make(browser)
        query = {"topics": "notifications"}
        with bearing(guarded, made["token"]) as script:
            cursor = script.get("/api/v1/changes", params={**query, "wait": 0}).json()["cursor"]
            with script.stream("GET", "/api/v1/stream", params=query) as stream:
                lines = stream.iter_lines()
                assert any("subscribed" in line for line in lines)
                assert browser.delete(f"{TOKENS}/{made['id']}").status_code == 204
                assert any('"reason":"Session ended"' in line for line in lines)
                assert list(lines)[-1:] in ([], [""])
            assert script.get("/api/v1/changes", params={**query, "since": cursor}).status_code == 401


def test_the_admin_makes_and_revokes(guarded: Server) -> None:
    """The secret is shown in the answer, once; the list has none, and no token is changed."""
    path = "/admin/realtime/apitoken/"
    with guarded.log_in("root", PASSWORD) as root:
        user = guarded.python("from django.contrib.auth.models import User; print(User.objects.get(username='bob').pk)")
        form = {"user": user.strip(), "name": "from the admin", "days": "3"}
        form["csrfmiddlewaretoken"] = root.cookies["csrftoken"]
        page = root.post(f"{path}add/", data=form, follow_redirects=True)
        secret = re.search(r"aether_[0-9a-f]{64}", page.text)
        assert secret, page.text
        assert secret[0] not in root.get(path).text
        with bearing(guarded, secret[0]) as script:
            (token,) = script.get(TOKENS).json()["tokens"]
            assert (token["user"], token["name"]) == ("bob", "from the admin")
            root.delete(f"{TOKENS}/{token['id']}")
            assert script.get(TOKENS).status_code == 401
        form["days"] = "9999"
        assert "at most 365" in root.post(f"{path}add/", data=form).text


def test_the_command_line_makes_lists_and_revokes(guarded: Server) -> None:
    """`token create` prints the secret alone, `list` never does, and `revoke` takes an id or a user."""
    secret = guarded.manage("token", "create", "bob", "cron", "--days", "1").splitlines()[-1]
    with bearing(guarded, secret) as script:
        (token,) = script.get(TOKENS).json()["tokens"]
        listed = guarded.manage("token", "list", "bob")
        assert token["id"] in listed
        assert secret not in listed
        guarded.manage("token", "revoke", token["id"])
        assert script.get(TOKENS).status_code == 401
    assert "There is no token" in guarded.manage("token", "revoke", token["id"], check=False)
    guarded.manage("token", "create", "bob", "cron")
    assert "1 revoked" in guarded.manage("token", "revoke", "--user", "bob")
    assert "There is no user 'nobody'" in guarded.manage("token", "create", "nobody", "x", check=False)
    assert "at most 365 days" in guarded.manage("token", "create", "bob", "x", "--days", "1000", check=False)
