"""Tests of requests under a name that is not in ALLOWED_HOSTS."""

import logging

import pytest
from django.test import Client, override_settings

from tests.conftest import StartServer


@pytest.mark.parametrize("debug", [True, False])
@override_settings(ALLOWED_HOSTS=["localhost"])
def test_unknown_host_is_told_what_to_add(client: Client, caplog: pytest.LogCaptureFixture, debug: bool) -> None:
    """A person who opens the server by another name reads in plain words what to add, and the log has no traceback."""
    with override_settings(DEBUG=debug), caplog.at_level(logging.WARNING):
        answer = client.get("/", HTTP_HOST="192.0.2.7:8000")
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert "192.0.2.7" in answer.text
    assert ("ALLOWED_HOSTS=localhost,192.0.2.7" in answer.text) is debug
    assert [(record.name, record.exc_info) for record in caplog.records if "192.0.2.7" in record.getMessage()] == [
        ("aether.middleware", None)
    ]


def test_api_answers_unknown_hosts_with_a_problem(client: Client) -> None:
    """A client of the API gets the same as a problem."""
    answer = client.get("/api/v1/notifications", HTTP_HOST="elsewhere.example")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "add it to ALLOWED_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["a b", "x/../y", "<script>", "[::1"])
def test_impossible_host_is_not_repeated(client: Client, host: str) -> None:
    """What can be no name is not suggested as one."""
    answer = client.get("/", HTTP_HOST=host)
    assert answer.status_code == 400
    assert host not in answer.text


@override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["localhost"])
def test_unknown_host_is_not_redirected(client: Client) -> None:
    """Nobody is sent on to https under a name that is not ours."""
    assert client.get("/", HTTP_HOST="evil.example").status_code == 400


def test_wildcard_address_opened_by_another_name(start_server: StartServer) -> None:
    """A server on all addresses, opened by the machine's own, answers in words and logs no traceback."""
    server = start_server(HOST="0.0.0.0")
    with server.client() as client:
        answer = client.get("/", headers={"Host": f"192.0.2.7:{server.port}"})
    assert answer.status_code == 400
    assert "ALLOWED_HOSTS=localhost,127.0.0.1,[::1],192.0.2.7" in answer.text
    assert "Traceback" not in server.log
