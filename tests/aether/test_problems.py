"""Tests of the API's errors: problem+json that keeps `detail` and names the field and the rule."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import InterfaceError, OperationalError

from realtime.api import problems
from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server

URL = "/api/v1/notifications"


def test_invalid_field_is_named_with_its_rule(module_server: Server) -> None:
    """Invalid input answers 400 with each field, the rule that it broke, and a sentence."""
    with module_server.client() as client:
        answer = client.post(URL, json={"title": "x" * 201, "level": "loud"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["title"], body["status"]) == ("about:blank", "Bad Request", 400)
    assert {(error["field"], error["rule"]) for error in body["errors"]} == {
        ("title", "max_length"),
        ("level", "invalid_choice"),
    }
    assert all(error["detail"] in body["detail"] for error in body["errors"])


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[1, 2", b'{"title": NaN}', b"[" * 100_000])
def test_malformed_json_is_named(module_server: Server, body: bytes) -> None:
    """A body that is no JSON answers 400 and says so."""
    with module_server.client() as client:
        answer = client.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The body cannot be read as JSON")


def test_huge_body_is_refused(module_server: Server) -> None:
    """A body above Django's limit answers 413, and is not parsed."""
    with module_server.client() as client:
        answer = client.post(URL, json={"title": "x" * 3_000_000})
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")


def test_wrong_method_and_unknown_url(module_server: Server) -> None:
    """What is not there answers 404, what is not allowed 405, both as problems."""
    with module_server.client() as client:
        for method, url, status in (("PUT", URL, 405), ("GET", "/api/v1/nothing", 404), ("POST", "/api/", 404)):
            answer = client.request(method, url)
            assert (answer.status_code, answer.json()["status"]) == (status, status)
            assert answer.headers["Content-Type"] == "application/problem+json"


def test_locked_database_answers_503(start_server: StartServer) -> None:
    """A database that stays locked answers 503 with Retry-After, and works again once it is free."""
    server = start_server(**LOCAL)
    server.stop()
    server.env["DATABASE_URL"] += "?timeout=0.2"
    server.start()
    with server.client() as client:
        assert client.get(URL).status_code == 200  # The first request creates the operator's row.
    path = server.env["DATABASE_URL"].removeprefix("sqlite:///").partition("?")[0]
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with server.client() as client:
        answer = client.post(URL, json={"title": "while locked"})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert client.get(URL).status_code == 200
        lock.execute("ROLLBACK")
        lock.close()
        assert client.post(URL, json={"title": "afterwards"}).status_code == 201


def test_twenty_writers_at_once(module_server: Server) -> None:
    """Twenty clients that write at the same time on SQLite all succeed."""

    def write(number: int) -> list[int]:
        with module_server.client() as client:
            return [client.post(URL, json={"title": f"{number}.{turn}"}).status_code for turn in range(5)]

    with ThreadPoolExecutor(20) as writers:
        answers = [status for statuses in writers.map(write, range(20)) for status in statuses]
    assert answers == [201] * 100


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError("database is locked"), True),
        (OperationalError("connection refused"), True),
        (InterfaceError("connection already closed"), True),
        (OperationalError("no such table: x"), False),
        (ValueError("database is locked"), False),
    ],
)
def test_only_a_passing_failure_counts_as_away(error: Exception, away: bool) -> None:
    """What will not pass by itself, such as a missing table, is an error of the program and no 503."""
    assert problems.is_database_away(error) is away
