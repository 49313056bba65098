"""Tests of rules with real servers and commands: a change reaches whoever follows notifications."""

from typing import Any

from aether.inventory import actions as inventory
from aether.inventory.actions import Report
from aether.inventory.models import VM, State
from notifications import actions
from tests.aether.jobs.test_run import newest, ran
from tests.conftest import StartServer
from tests.realtime.clients import Message
from tests.realtime.conftest import Connect, connect, dial, edge, flat, in_thread, live, port, user
from tests.support.servers import Server
from tests.support.waiting import wait_for

__all__ = ["connect", "dial", "edge", "live", "port", "user"]


def titles(messages: list[Message]) -> list[str]:
    """Return the titles of the notifications among *messages*."""
    return [one["data"]["title"] for one in flat(messages) if one["type"] == "notification"]


def updates(messages: list[Message]) -> list[str]:
    """Return the notes in the updates of the inventory among *messages*."""
    told = [one for one in flat(messages) if one["type"] == "inventory" and one["action"] == "updated"]
    return [one["data"]["notes"] for one in told]


async def test_a_node_delivers_it(connect: Connect) -> None:
    """A VM's new state comes as one update and one notification, to a client of both topics."""
    await in_thread(inventory.sync, Report("h1", {}, {"a": {"name": "web", "state": "Running"}}))
    client = await connect()
    await client.subscribe("notifications", "inventory")
    await in_thread(inventory.patch, VM, "a", {"state": State.OFF})
    got: list[Message] = []
    while not (titles(got) and updates(got)):
        got += await client.until(lambda message: bool(titles([message]) or updates([message])))
    await in_thread(actions.create, "the end")
    await in_thread(inventory.patch, VM, "a", {"state": State.OFF, "notes": "the end"})
    while not (len(titles(got)) > 1 and len(updates(got)) > 1):
        got += await client.until(lambda message: bool(titles([message]) or updates([message])))
    assert titles(got) == ["web is Off", "the end"]
    assert updates(got) == ["", "the end"]


def listed(server: Server) -> list[dict[str, Any]]:
    """Return the notifications over REST."""
    with server.client() as client:
        found: list[dict[str, Any]] = client.get("/api/v1/notifications").json()["notifications"]
    return found


def test_a_failing_command_is_told(server: Server) -> None:
    """`manage.py job run` with a command that fails makes one notification, which the job names."""
    code, *_ = ran(server, "sh", "-c", "echo trying; exit 3")
    assert code == 3
    [item] = wait_for(lambda: listed(server), deadline=40)
    job = newest(server)
    assert (item["level"], item["category"], item["metadata"]["job_id"]) == ("error", "job", job["job_id"])
    assert item["message"] == "Ended with exit code 3."
    assert job["notification_id"] == item["id"]


def test_a_lost_host_is_told_by_the_server(start_server: StartServer) -> None:
    """What a server was waiting for when it ended is told by the next one, once the grace is over."""
    server = start_server(AUTH_ENABLED="false")
    with server.client() as client:
        body = {"hostname": "hyperv-01", "vms": []}
        assert client.post("/api/v1/inventory/sync", json=body).status_code == 200
        client.patch("/api/v1/inventory/hosts/hyperv-01", json={"connected": False, "error": "No route."})
    server.stop()
    server.python(
        "from django.utils import timezone; from aether.rules.models import Observation; "
        "print(Observation.objects.update(due_at=timezone.now()))"
    )
    server.start()
    [item] = wait_for(lambda: listed(server), deadline=40)
    assert (item["title"], item["message"], item["related_entity"]) == (
        "hyperv-01 does not answer", "No route.", "hyperv-01",
    )  # fmt: skip
    with server.client() as client:
        client.post("/api/v1/inventory/sync", json={"hostname": "hyperv-01", "vms": []})
    assert [one["title"] for one in listed(server)] == ["hyperv-01 answers again"]
