"""Tests of changes as they are made: by the API, by actions, by a plain save, and of what is told of them."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from aether.inventory import actions as inventory
from aether.inventory.actions import Report
from aether.inventory.models import VM, Host, State
from aether.jobs import actions as jobs
from aether.jobs.models import Job
from aether.rules import background
from aether.rules.models import Observation, RuleSwitch
from notifications import actions
from notifications.models import Notification
from realtime import bulk
from realtime.live_watching import unwatched
from tests.aether.inventory.conftest import SYNC, Api, producer, report
from tests.aether.inventory.conftest import published as inventory_published
from tests.aether.rules.conftest import Time, opened, published, time, told

__all__ = ["producer", "time"]
pytestmark = pytest.mark.django_db


def reported(number: int, state: str = "Running") -> Report:
    """Return a report of *number* VMs."""
    return Report("hyperv-01", {}, {f"vm-{one}": {"name": f"vm-{one}", "state": state} for one in range(number)})


def test_a_sync_with_one_changed_state(producer: Api) -> None:
    """Over the API: exactly one update of the inventory and one notification; saying it again makes neither."""
    producer("post", SYNC, report({"id": "a", "state": "Running"}, {"id": "b", "state": "Running"}))
    inventory_published()
    assert published() == []
    for _ in range(2):
        producer("post", SYNC, report({"id": "a", "state": "Running"}, {"id": "b", "state": "Off"}))
    assert inventory_published() == [("updated", "vm:b")]
    [body] = published()
    assert (body["action"], body["data"]["title"], body["data"]["read"]) == ("created", "b is Off", False)
    assert body["data"]["metadata"].items() >= {"vm_id": "b", "from": "Running", "to": "Off"}.items()


def test_every_way_of_writing_is_seen() -> None:
    """A patch, a plain save, a save of one field, and realtime.bulk."""
    inventory.sync(reported(4))
    inventory.patch(VM, "vm-0", {"state": State.OFF})
    vm = VM.objects.get(pk="vm-1")
    vm.state = State.PAUSED
    vm.save()
    vm = VM.objects.get(pk="vm-2")
    vm.state = State.SAVED
    vm.save(update_fields=["state"])
    bulk.update(VM.objects.filter(pk="vm-3"), state=State.STOPPING)
    expected = ["vm-0 is Off", "vm-1 is Paused", "vm-2 is Saved", "vm-3 is Stopping"]
    assert [title for _, title in told()] == expected
    inventory.patch(VM, "vm-0", {"notes": "something else"})
    assert len(published()) == 4


def test_what_is_rolled_back_was_never_told() -> None:
    """The notification is in the transaction of the change."""
    inventory.sync(reported(1))
    with transaction.atomic():
        inventory.patch(VM, "vm-0", {"state": State.OFF})
        assert len(told()) == 1
        transaction.set_rollback(True)
    assert (told(), Observation.objects.count()) == ([], 0)


def test_one_vm_that_changes_often_is_one_notification() -> None:
    """It says how often, and is opened once."""
    inventory.sync(reported(1))
    for state in (State.STOPPING, State.OFF, State.STARTING, State.RUNNING):
        inventory.patch(VM, "vm-0", {"state": state})
    assert told() == [("info", "vm-0 is Running")]
    assert "It was" not in Notification.objects.get().title
    assert "Its state changed 4 times within" in Notification.objects.get().message
    assert opened() == 1


def test_a_storm_of_vms_is_one_notification() -> None:
    """More than RULE_STORM in one report; the next storm of that host changes it."""
    inventory.sync(reported(25))
    for state in ("Off", "Running"):
        inventory.sync(reported(25, state))
    assert told() == [("info", "25 VMs changed their state")]
    row = Notification.objects.get()
    assert (row.message, row.related_entity) == ("They did so at once on hyperv-01.", "hyperv-01")
    assert row.metadata["count"] == 25
    assert opened() == 1


def test_thousands_of_vms_cost_little_more() -> None:
    """What the rules add to a report is a few statements for each 500 rows, and one notification."""
    with unwatched():
        inventory.sync(reported(3_000))
    counts = []
    for state, watched in (("Off", False), ("Running", True)):
        with CaptureQueriesContext(connection) as queries:
            if watched:
                inventory.sync(reported(3_000, state))
            else:
                with unwatched():
                    inventory.sync(reported(3_000, state))
        counts.append(len(queries))
    assert told() == [("info", "3000 VMs changed their state")]
    assert counts[1] - counts[0] < 40


def test_a_host_that_is_deleted_takes_its_alarm_with_it() -> None:
    """What is told of a lost host is withdrawn with the host."""
    RuleSwitch.objects.update_or_create(name="host_lost", defaults={"grace": 0})
    inventory.sync(reported(1))
    inventory.patch(Host, "hyperv-01", {"connected": False, "error": "Nothing."})
    assert told() == [("error", "hyperv-01 does not answer")]
    inventory.delete(Host, "hyperv-01")
    assert (told(), Observation.objects.filter(rule="host_lost").count()) == ([], 0)


def test_a_failing_job_is_told_and_names_its_notification() -> None:
    """In one publication of the job: its end, and the notification that tells of it."""
    job = jobs.create("Back up db-01", status="running", target_host="hyperv-01")
    failed = jobs.fail(job.pk, "The disk is full.", exit_code=3)
    row = Notification.objects.get()
    assert (row.level, row.title, row.message) == ("error", "Back up db-01 failed", "The disk is full.")
    assert row.metadata.items() >= {"job_id": str(job.pk), "from": "running", "to": "failed", "exit_code": 3}.items()
    assert (row.dedup_key, row.related_entity) == (f"job:{job.pk}", "hyperv-01")
    assert failed.notification_id == Job.objects.get().notification_id == row.pk


def test_of_children_only_failures_are_told() -> None:
    """Whose parent is completed is done too."""
    parent = jobs.create("Patch all", status="running")
    for name, end in (("good", jobs.complete), ("bad", lambda pk: jobs.fail(pk, "No."))):
        end(jobs.create(name, status="running", parent=parent).pk)
    jobs.complete(parent.pk)
    jobs.cancel(jobs.create("never mind", status="running").pk)
    assert told() == [("error", "bad failed"), ("success", "Patch all is completed")]


def test_a_slow_job_is_told_once_and_resolved(time: Time, settings: Any) -> None:
    """After the limit of its type; its end changes the same notification."""
    settings.JOB_TIME_LIMIT, settings.JOB_TIME_LIMITS = 60, {"backup": 3_600}
    job, other = jobs.create("deploy", status="running"), jobs.create("save", status="running", job_type="backup")
    for started in (job, other):
        bulk.update(Job.objects.filter(pk=started.pk), started_at=time.now)
    for seconds in (59, 2, 100):
        time.on(seconds)
        background.find_slow(time.now)
    assert told() == [("warning", "deploy takes long")]
    row = Notification.objects.get()
    assert row.message == "It has been running for longer than 1 minute."
    assert Job.objects.get(pk=job.pk).notification_id == row.pk
    assert opened() == 1
    jobs.cancel(job.pk)
    assert told() == [("info", "deploy is cancelled")]
    assert opened() == 0


def test_a_slow_job_that_fails_is_one_notification(time: Time, settings: Any) -> None:
    """The failure takes the warning's place, and is news."""
    settings.JOB_TIME_LIMIT = 60
    job = jobs.create("deploy", status="running")
    bulk.update(Job.objects.filter(pk=job.pk), started_at=time.now)
    time.on(61)
    background.find_slow(time.now)
    published()
    jobs.fail(job.pk, "No.")
    [body] = published()
    assert (body["data"]["title"], body["data"]["read"]) == ("deploy failed", False)
    assert len(told()) == 1


def test_what_cannot_be_told_stops_no_write(settings: Any) -> None:
    """A long name and an odd key are cut; whoever reports is not refused for what would be told of it."""
    inventory.sync(Report("hyperv-01", {}, {"x" * 180: {"name": "n" * 200, "state": "Running"}}))
    inventory.patch(VM, "x" * 180, {"state": State.OFF})
    assert Notification.objects.get().title.startswith("nnnn")
    job = jobs.create("secret", status="running")
    settings.ENCRYPTION_KEYS = ["0" * 43 + "="]
    actions.upsert(f"job:{job.pk}", "Somebody's own", sensitive=False)
    jobs.fail(job.pk, "No.")
    assert Job.objects.get().status == "failed"
