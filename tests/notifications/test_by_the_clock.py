"""Tests of snoozes and schedules with real servers: in time, after a downtime, and with two of them at once."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from notifications import actions
from notifications.models import Notification
from tests.conftest import LOCAL, StartServer
from tests.notifications.conftest import published
from tests.support.servers import Server
from tests.support.waiting import wait_for

URL = "/api/v1/notifications"
PATIENCE = 30.0


class Followed:
    """What a client gets that follows the notifications by the long poll."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.cursor = self._ask()["cursor"]
        self.messages: list[dict[str, Any]] = []

    def _ask(self, **query: Any) -> dict[str, Any]:
        answer = self.client.get("/api/v1/changes", params={"topics": "notifications", "wait": 0, **query})
        return answer.raise_for_status().json()

    def of(self, title: str) -> list[dict[str, Any]]:
        """Return the messages about *title* so far."""
        answer = self._ask(since=self.cursor, wait=1)
        self.cursor = answer["cursor"]
        self.messages += [item for item in answer["messages"] if item["type"] == "notification"]
        return [item for item in self.messages if item["data"].get("title") == title]


@pytest.fixture
def followed(server: Server) -> Iterator[Followed]:
    with server.client() as client:
        yield Followed(client)


def soon(seconds: float = 2.0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def create(client: httpx.Client, **body: Any) -> str:
    return client.post(URL, json=body).raise_for_status().json()["id"]


def test_a_snooze_ends_in_time(server: Server, followed: Followed) -> None:
    """The running server brings it back by itself, not before its time, and tells the clients of its new state."""
    pk = create(followed.client, title="x")
    followed.client.put(f"{URL}/{pk}/read").raise_for_status()
    until = soon()
    followed.client.put(f"{URL}/{pk}/snoozed", json={"until": until.isoformat()}).raise_for_status()
    assert followed.client.get(URL).json()["total_count"] == 0

    def back() -> list[dict[str, Any]]:
        return [item for item in followed.of("x")[2:] if item["data"]["snoozed_until"] is None]

    [message] = wait_for(back, PATIENCE, "the end of the snooze")
    assert datetime.now(UTC) >= until
    assert (message["action"], message["data"]["read"], message["unread_count"]) == ("updated", False, 1)
    assert followed.client.get(URL).json()["unread_count"] == 1


def test_scheduled_is_delivered_in_time(server: Server, followed: Followed) -> None:
    """At its time it is created for everyone who listens, and told of once."""
    moment = soon(15)  # The command needs seconds to start on a busy machine.
    pk = server.manage("notify", "Later", "--at", moment.isoformat()).strip()
    [message] = wait_for(lambda: followed.of("Later"), 2 * PATIENCE, "the delivery")
    assert datetime.now(UTC) >= moment
    assert (message["action"], message["data"]["id"], message["data"]["read"]) == ("created", pk, False)
    assert datetime.fromisoformat(message["data"]["created_at"]) >= moment
    create(followed.client, title="End")
    wait_for(lambda: followed.of("End"), PATIENCE)
    assert len(followed.of("Later")) == 1


def test_due_while_no_server_ran(start_server: StartServer) -> None:
    """What became due in a downtime comes when a server runs again: all of it, once, with two servers as with one."""
    server = start_server(**LOCAL)
    with server.client() as client:
        pk = create(client, title="snoozed")
        until = soon()
        client.put(f"{URL}/{pk}/snoozed", json={"until": until.isoformat()}).raise_for_status()
    server.python(
        "from datetime import timedelta; from django.utils import timezone; from notifications import actions\n"
        "at = timezone.now() + timedelta(seconds=4)\n"
        "actions.create_many([{'title': f'later {n}', 'deliver_at': at} for n in range(1000)])\n"
        "actions.create('last', deliver_at=at + timedelta(seconds=1))"
    )
    server.stop()
    wait_for(lambda: datetime.now(UTC) > until + timedelta(seconds=6), PATIENCE)
    second = start_server(**LOCAL, DATABASE_URL=server.env["DATABASE_URL"])
    server.start()
    with server.client() as client:
        wait_for(lambda: client.get(URL).json()["total_count"] == 1_002, 4 * PATIENCE, "all that was due")
        assert client.get(URL, params={"limit": 1}).json()["notifications"][0]["title"] == "last"
    told = second.python(
        "import json; from realtime.models import Publication as P; from collections import Counter\n"
        "bodies = [json.loads(body) for body in P.objects.values_list('body', flat=True)]\n"
        "created = Counter(b['data']['id'] for b in bodies if b.get('action') == 'created')\n"
        "woken = [b for b in bodies if b.get('action') == 'updated' and b['data']['snoozed_until'] is None]\n"
        "print(len(created), max(created.values()), len(woken))"
    )
    assert told.split() == ["1002", "1", "1"]


@pytest.mark.parametrize("arguments", [["--at", "tomorrow"], ["--at", "2999-01-01T00:00:00"]])
def test_bad_times_of_the_command(server: Server, arguments: list[str]) -> None:
    """A time that cannot be read, or has no zone, is refused with what to write instead."""
    said = server.manage("notify", "x", *arguments, check=False)
    assert "+01:00" in said


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_at_once_deliver_and_wake_once(django_user_model: Any) -> None:
    """Two upkeeps that meet do not wait for each other's rows, and between them do everything once."""
    ann = django_user_model.objects.create_user("ann")
    later = timezone.now() + timedelta(hours=1)
    asleep = actions.create_many({"title": f"s{number}"} for number in range(700))
    actions.snooze_many(ann, [row.pk for row in asleep], later)
    actions.create_many({"title": f"d{number}", "deliver_at": later} for number in range(700))
    before, together = len(published()), threading.Barrier(2)

    def work() -> int:
        try:
            together.wait(PATIENCE)
            now = later + timedelta(hours=1)
            turns = [actions.deliver(now) + actions.wake(now) for _ in range(4)]
            return sum(turns)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = [future.result(PATIENCE) for future in [pool.submit(work), pool.submit(work)]]
    assert sum(done) == 1_400
    told = Counter(message["data"]["title"] for message in published()[before:])
    assert (len(told), set(told.values())) == (1_400, {1})
    assert not Notification.objects.filter(deliver_at__isnull=False).exists()
