"""Tests of the long poll, over HTTP to a real server."""

import threading
import time

from tests.support.servers import Server

CHANGES = "/api/v1/changes?topics=notifications"


def test_poll_without_news_waits(module_server: Server) -> None:
    """A poll that has nothing to tell waits for as long as it was asked to; the unread count alone is no news."""
    with module_server.client() as client:
        cursor = client.get(f"{CHANGES}&wait=0").json()["cursor"]
        started = time.monotonic()
        answer = client.get(CHANGES, params={"topics": "notifications", "since": cursor, "wait": 1}).json()
    assert time.monotonic() - started >= 1
    assert [message["type"] for message in answer["messages"] if message["type"] != "unread_count"] == []
    assert answer["cursor"]


def test_poll_answers_when_something_comes(module_server: Server) -> None:
    """A poll that is waiting answers with a notification long before its time is over, and its cursor moves on."""
    with module_server.client() as client:
        cursor = client.get(f"{CHANGES}&wait=0").json()["cursor"]
        create = threading.Timer(0.5, client.post, ["/api/v1/notifications"], {"json": {"title": "During the poll"}})
        create.start()
        started = time.monotonic()
        query = {"topics": "notifications", "since": cursor, "wait": 30}
        first = client.get(CHANGES, params=query).json()
        waited = time.monotonic() - started
        create.join()
        again = client.get(CHANGES, params={**query, "since": first["cursor"], "wait": 0}).json()
    assert waited < 10
    assert [m["data"]["title"] for m in first["messages"] if m["type"] == "notification"] == ["During the poll"]
    assert [message for message in again["messages"] if message["type"] == "notification"] == []
