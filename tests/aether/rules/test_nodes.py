"""Tests of several nodes and writers at once: each thing is told once, and nobody waits for each other in a circle."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from aether.inventory import actions as inventory
from aether.inventory.actions import Report
from aether.inventory.models import Host
from aether.jobs import actions as jobs
from aether.jobs.models import Job
from aether.rules import background
from aether.rules.declared import FIELDS
from aether.rules.models import Observation
from notifications.models import Notification
from realtime import bulk
from tests.aether.rules.conftest import opened, told
from tests.support.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def together() -> Iterator[Callable[..., list[Any]]]:
    """Run functions at the same time, each on a connection of its own, and return what they return."""
    pool = ThreadPoolExecutor(4)

    def closing(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    yield lambda *works: list(pool.map(closing, works))
    pool.shutdown()


def test_two_nodes_tell_once(together: Callable[..., list[Any]]) -> None:
    """Both find the same lost host due: one notification, opened once."""
    inventory.sync(Report("hyperv-01"))
    inventory.patch(Host, "hyperv-01", {"connected": False})
    later = timezone.now() + timedelta(minutes=1)
    together(*[lambda: background.tell_due(later)] * 4)
    assert told() == [("error", "hyperv-01 does not answer")]
    assert opened() == 1
    assert Observation.objects.get().due_at is None


def test_two_nodes_find_a_slow_job_once(together: Callable[..., list[Any]], settings: Any) -> None:
    """While it ends, too: what is told last is how it ended."""
    settings.JOB_TIME_LIMIT = 60
    job = jobs.create("deploy", status="running")
    bulk.update(Job.objects.filter(pk=job.pk), started_at=timezone.now() - timedelta(hours=1))
    look = lambda: background.find_slow(timezone.now())  # noqa: E731
    together(look, look, lambda: jobs.fail(job.pk, "No."), look)
    assert told() == [("error", "deploy failed")]
    assert Job.objects.get().notification_id == Notification.objects.get().pk


def test_hosts_flap_while_nodes_tell(together: Callable[..., list[Any]]) -> None:
    """Writers and nodes at once, on the same hosts: all of them end, and each host has one notification."""
    names = [f"hyperv-{number}" for number in range(3)]
    for name in names:
        inventory.sync(Report(name))

    def flap() -> None:
        for _ in range(6):
            for name in names:
                inventory.patch(Host, name, {"connected": False})
                inventory.sync(Report(name))

    def tell() -> None:
        for _ in range(20):
            background.tell_due(timezone.now() + timedelta(minutes=1))

    together(flap, flap, tell, tell)
    assert sorted(Notification.objects.values_list("related_entity", flat=True)) == names
    assert Observation.objects.filter(active=True).count() == 0


def test_hosts_of_a_storm_that_come_back_at_once(together: Callable[..., list[Any]], settings: Any) -> None:
    """Each waits for the other before it counts who is still lost: the last one says that nobody is."""
    settings.RULE_STORM = 1
    names = ["hyperv-01", "hyperv-02"]
    for name in names:
        inventory.sync(Report(name))
        inventory.patch(Host, name, {"connected": False})
    background.tell_due(timezone.now() + timedelta(minutes=1))
    assert told() == [("error", "2 hosts do not answer")]
    begun = Event()

    def first() -> None:
        with transaction.atomic():
            inventory.sync(Report(names[0]))
            begun.set()
            wait_for(somebody_waits, what="the other one")

    def second() -> None:
        assert begun.wait(10)
        inventory.sync(Report(names[1]))

    together(first, second)
    assert told() == [("success", "None of 2 hosts do not answer")]


def test_a_node_tells_of_a_family_while_a_child_is_written(together: Callable[..., list[Any]]) -> None:
    """The write locks the parent after the child; so does the node, though the parent's id is the lower one."""
    now = timezone.now()
    parent = jobs.create("deploy", status="running", id=UUID(int=1))
    child = jobs.create("copy", status="running", id=UUID(int=2), parent=parent)
    bulk.update(Job.objects.all(), started_at=now - timedelta(hours=1))
    for job in (parent, child):
        facts = {**dict.fromkeys(FIELDS["job"]), "was": None, "id": str(job.pk), "name": job.name}
        values = {"entity": str(job.pk), "due_at": now, "active": True, "facts": facts}
        Observation.objects.create(rule="job_slow", episode_at=now, since=now, changed_at=now, **values)
    begun = Event()

    def write() -> None:
        with transaction.atomic():
            jobs.append(child.pk, ["a line"])
            begun.set()
            wait_for(somebody_waits, what="the node")
            jobs.update(child.pk, progress=50)

    def tell() -> None:
        assert begun.wait(10)
        background.tell_due(now + timedelta(minutes=1))

    together(write, tell)
    assert sorted(told()) == [("warning", "copy takes long"), ("warning", "deploy takes long")]
    assert Job.objects.get(pk=child.pk).progress == 50


def somebody_waits() -> bool:
    """Say whether another writer waits for this one; on SQLite it cannot but do so."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])
