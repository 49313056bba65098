"""Tests of the inventory's topic, with a real node and real subscribers."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from aether.inventory import actions
from aether.inventory.actions import Report
from aether.inventory.models import VM, Cluster, Host
from aether.inventory.topics import InventoryTopic
from realtime import topics
from tests.aether.inventory.conftest import HOST, published
from tests.realtime.clients import Client, Message
from tests.realtime.conftest import Connect, connect, dial, edge, flat, in_thread, live, port, user

__all__ = ["connect", "dial", "edge", "live", "port", "user"]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def reported(*names: str, hostname: str = HOST, **states: str) -> Report:
    """Return a report of VMs called like their ids; `name=state` gives one another state than Running."""
    vms = {name: {"name": name, "state": states.get(name, "Running")} for name in names}
    return Report(hostname, {"cluster_id": "east"}, vms)


def changes(messages: list[Message]) -> list[tuple[str, str]]:
    """Return action, kind and id of the inventory's messages among *messages*."""
    told = [one for one in flat(messages) if one["type"] == "inventory"]
    return [(one["action"], f"{one['data']['kind']}:{one['data']['id']}") for one in told]


async def state_of(client: Client) -> Message:
    """Subscribe *client* to the whole topic and return its state."""
    await client.send({"type": "subscribe", "topics": ["inventory"], "snapshot": True})
    got = await client.until(lambda message: message["type"] == "subscription")
    return next(one["data"] for one in got if one["type"] == "snapshot")


async def test_one_changed_vm_is_one_update(connect: Connect) -> None:
    """A sync with one VM's state changed sends exactly one update, with all of the VM and its next version."""
    await in_thread(actions.sync, reported("a", "b", "c"))
    client = await connect()
    state = await state_of(client)
    [known] = [vm for vm in state["vms"] if vm["id"] == "b"]
    await in_thread(actions.sync, reported("a", "b", "c", b="Off"))
    got = await client.until(lambda message: bool(changes([message])))
    await in_thread(actions.sync, reported("a", "b", "c", b="Off"))
    await in_thread(actions.sync, reported("a", "b", "c", "last", b="Off"))
    got += await client.until(lambda message: ("created", "vm:last") in changes([message]))
    assert changes(got) == [("updated", "vm:b"), ("created", "vm:last")]
    update = next(one for one in flat(got) if one.get("action") == "updated")
    different = {name for name in known if update["data"][name] != known[name]}
    assert different == {"state", "version", "updated_at", "state_changed_at"}
    assert update["data"]["version"] == known["version"] + 1


async def test_one_object(connect: Connect) -> None:
    """`inventory:vm:<id>`, `inventory:host:<id>` and `inventory:cluster:<id>` tell of that one alone."""
    await in_thread(actions.sync, reported("a", "b"))
    clients = {key: await connect() for key in ("vm:b", f"host:{HOST}", "cluster:east")}
    for key, client in clients.items():
        await client.subscribe(f"inventory:{key}")
    await in_thread(actions.sync, reported("a", "b", a="Off", b="Off"))
    await in_thread(actions.patch, Host, HOST, {"connected": False})
    for key, client in clients.items():
        got = await client.until(lambda message: bool(changes([message])))
        assert changes(got) == [("updated", key)]


async def test_what_is_not_there_cannot_be_followed(connect: Connect) -> None:
    """A key of nothing is refused, whatever it looks like."""
    client = await connect()
    for key in ("vm:nobody", "host:", "vm", "rack:1"):
        await client.send({"type": "subscribe", "topics": [f"inventory:{key}"]})
        assert (await client.receive())["type"] == "error"


async def test_the_snapshot_has_the_names_of_rest(connect: Connect) -> None:
    """The topic's state is clusters, hosts and VMs, each as REST shows it."""
    await in_thread(actions.sync, reported("a"))
    state = await state_of(await connect())
    assert {name: [one["id"] for one in items] for name, items in state.items()} == {
        "clusters": ["east"], "hosts": [HOST], "vms": ["a"],
    }  # fmt: skip
    assert (state["clusters"][0]["connected_hosts"], state["vms"][0]["host"]) == (1, HOST)


async def test_two_reports_of_one_host_at_once(live: None) -> None:
    """Reports of one host that come at once are taken over one after the other: one of them is the state."""
    reports = [reported(*(f"{mark}{number}" for number in range(20))) for mark in "abcd"]
    await asyncio.gather(*(in_thread(actions.sync, report) for report in reports))
    left = await in_thread(lambda: set(VM.objects.values_list("pk", flat=True)))
    assert left in [set(report.vms) for report in reports]


async def test_reports_that_take_vms_from_each_other(live: None) -> None:
    """Hosts that report the same VMs at once do not wait for each other in a circle: each VM is on one of them."""
    names = [f"vm-{number}" for number in range(30)]
    hosts = ["h1", "h2", "h3"]
    reports = [reported(*names[:: 1 if number % 2 else -1], hostname=name) for number, name in enumerate(hosts * 2)]
    await asyncio.gather(*(in_thread(actions.sync, report) for report in reports))
    rows = await in_thread(lambda: dict(VM.objects.values_list("pk", "host_id")))
    assert set(rows) == set(names)
    assert set(rows.values()) <= set(hosts)


@pytest.mark.django_db
def test_silent_hosts_are_lost() -> None:
    """A host that was not heard of for too long is disconnected, its cluster told, and its VMs left as they are."""
    actions.sync(reported("a"), now=NOON)
    actions.sync(reported("b", hostname="h2"), now=NOON + MINUTE)
    published()
    assert actions.lose_silent(NOON + MINUTE, MINUTE) == []
    [lost] = actions.lose_silent(NOON + MINUTE + timedelta(seconds=1), MINUTE)
    assert (lost.pk, Host.objects.get(pk=HOST).error) == (HOST, "Not heard of for 60 seconds.")
    assert published() == [("updated", f"host:{HOST}"), ("updated", "cluster:east")]
    assert VM.objects.get(pk="a").state == "Running"
    assert actions.lose_silent(NOON + MINUTE + timedelta(seconds=1), MINUTE) == []
    assert [row.pk for row in actions.lose_silent(NOON + 3 * MINUTE, MINUTE)] == ["h2"]


@pytest.mark.django_db
def test_upkeep_counts_no_silence_from_before_it_ran(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a start nobody is lost before the timeout is over once, since nobody could be heard; 0 loses nobody."""
    settings.INVENTORY_HOST_TIMEOUT = 60
    actions.sync(reported("a"), now=NOON - timedelta(days=1))
    topic, clock = InventoryTopic(), [NOON]
    monkeypatch.setattr("aether.inventory.topics.timezone.now", lambda: clock[0])
    topic.upkeep()
    clock[0] += timedelta(seconds=59)
    topic.upkeep()
    assert Host.objects.get().connected
    clock[0] += timedelta(seconds=1)
    settings.INVENTORY_HOST_TIMEOUT = 0
    topic.upkeep()
    assert Host.objects.get().connected
    settings.INVENTORY_HOST_TIMEOUT = 60
    topic.upkeep()
    assert not Host.objects.get().connected


@pytest.mark.django_db
def test_everyone_who_is_logged_in_may_follow() -> None:
    """The rule of the topic is REST's: an active user, with or without a role."""
    ann = User(username="ann")
    topic = topics.find("inventory")[0]
    assert topic.authorize(ann, "")
    ann.is_active = False
    assert not topic.authorize(ann, "")


@pytest.mark.django_db
def test_a_save_publishes() -> None:
    """A plain save or delete of a row, by whatever code, is published with all that follows from it."""
    Cluster.objects.create(name="east")
    host = Host.objects.create(hostname="h1", cluster_id="east")
    vm = VM.objects.create(id="a", name="a", host=host)
    vm.name = "b"
    vm.save(update_fields=["name"])
    host.delete()
    assert published() == [
        ("created", "cluster:east"), ("created", "host:h1"), ("updated", "cluster:east"), ("created", "vm:a"),
        ("updated", "vm:a"), ("deleted", "vm:a"), ("deleted", "host:h1"), ("updated", "cluster:east"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_message(producer: Any) -> None:
    """What is published has the protocol's shape, with the whole object."""
    actions.put(Cluster, "east", {})
    from realtime.models import Publication

    body = json.loads(Publication.objects.filter(stream="inventory").get().body)
    row = Cluster.objects.get()
    assert (body["type"], body["action"], body["data"]["version"]) == ("inventory", "created", row.version)
    assert {name: body["data"][name] for name in ("kind", "id", "name", "hosts", "total_hosts")} == {
        "kind": "cluster", "id": "east", "name": "east", "hosts": [], "total_hosts": 0,
    }  # fmt: skip
