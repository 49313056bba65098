"""Tests of the local operator: with login off, only this machine's own user is served."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from realtime import local_operator
from tests.support.servers import Server

HERE = {"peer": "127.0.0.1", "host": "localhost:8000", "origin": None, "scheme": "http"}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"peer": "::1", "host": "[::1]:8000"},
        {"peer": "::ffff:127.0.0.1"},
        {"host": "127.0.0.1"},
        {"host": "LOCALHOST:1"},
        {"origin": "http://localhost:8000"},
        {"origin": "http://localhost", "host": "localhost:80"},
        {"origin": "http://localhost:8000", "scheme": "ws"},
        {"origin": "https://localhost:8000", "scheme": "wss"},
    ],
)
def test_serves_this_machine(change: dict[str, Any]) -> None:
    """A request from this machine, to one of its three names, by no page or by our own, is served."""
    assert local_operator.refusal(**(HERE | change)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"peer": "192.168.1.7"},
        {"peer": "::ffff:192.168.1.7"},
        {"peer": None},
        {"peer": "localhost"},
        {"host": None},
        {"host": ""},
        {"host": "rebound.example:8000"},
        {"host": "localhost.example"},
        {"host": "localhost@rebound.example"},
        {"host": "127.0.0.2"},
        {"host": "localhost:x"},
        {"host": "localhost/path"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:9000"},
        {"origin": "https://localhost:8000"},
        {"origin": "http://127.0.0.1:8000"},
        {"origin": "http://localhost:8000", "scheme": "wss"},
    ],
)
def test_refuses_everyone_else(change: dict[str, Any]) -> None:
    """A foreign address, a name that was bound to ours, and a page of another origin are refused with a reason."""
    why = local_operator.refusal(**(HERE | change))
    assert why is not None
    assert why.startswith("Login is off")


@pytest.mark.django_db
def test_operator_is_one_superuser_without_a_password() -> None:
    """The operator is a real row, made once, with which nobody can log in."""
    first, second = local_operator.operator(), local_operator.operator()
    assert first == second
    assert (first.is_superuser, first.is_staff, first.has_usable_password()) == (True, True, False)
    assert User.objects.filter(username=local_operator.USERNAME).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip"])
def test_forwarded_headers_never_count(client: Client, header: str) -> None:
    """Another machine cannot claim to be this one in a header."""
    with override_settings(DEBUG=True, AUTH_ENABLED=False):
        answer = client.get("/api/schema", headers={header: "127.0.0.1"}, HTTP_HOST="localhost", REMOTE_ADDR="10.0.0.9")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
@override_settings(DEBUG=False, AUTH_ENABLED=False)
def test_login_stays_on_without_debug(client: Client) -> None:
    """AUTH_ENABLED=false alone opens nothing: without DEBUG a login is asked for."""
    assert client.get("/api/schema", HTTP_HOST="localhost").status_code == 401
    assert client.get("/admin/", HTTP_HOST="localhost").status_code == 302


def test_real_server_refuses(module_server: Server) -> None:
    """A rebound name, a foreign page and an unreadable Host get a 403 from a real server, in the API and elsewhere."""
    with module_server.client() as client:
        for headers in ({"Host": "rebound.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
            answer = client.get("/api/schema", headers=headers)
            assert (answer.status_code, answer.json()["status"]) == (403, 403)
            page = client.get("/admin/", headers=headers)
            assert page.status_code == 403
            assert "Login is off" in page.text


def test_real_server_ignores_forwarded_headers(module_server: Server) -> None:
    """A forged header neither opens nor closes anything for this machine's own user."""
    with module_server.client() as client:
        assert client.get("/api/schema", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
@pytest.mark.parametrize("body", [b"title=x", b""])
def test_api_takes_json_bodies_only(module_server: Server, content_type: str, body: bytes) -> None:
    """What a form of a foreign page could send is refused, also where it is empty."""
    with module_server.client() as client:
        answer = client.post("/api/v1/notifications", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_admin_forms_keep_their_csrf_protection(module_server: Server) -> None:
    """With login off, the admin opens without a password, and still refuses a form without its token."""
    with module_server.client() as client:
        assert client.get("/admin/").status_code == 200
        assert client.post("/admin/auth/group/add/", data={"name": "x"}).status_code == 403
