"""Tests of what cannot be told: it is logged, it is tried again, and it keeps nothing else from being told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from aether.inventory import actions as inventory
from aether.inventory.actions import Report
from aether.inventory.models import Host
from aether.jobs import actions as jobs
from aether.jobs.models import Job
from aether.rules import background, configuration, switches
from aether.rules.models import Observation
from realtime import bulk, upkeep
from tests.aether.rules.conftest import NOON, Time, time, told

__all__ = ["time"]
pytestmark = pytest.mark.django_db


def spoil(name: str) -> None:
    """Let an observation of before an upgrade say nothing of what the texts of now ask for."""
    Observation.objects.filter(entity=name).update(facts={})


def test_one_that_cannot_be_told_keeps_no_other_waiting(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    """Hosts before and after it are told, and it is named in the log."""
    time.host("a", "b", "c", connected=False)
    spoil("b")
    time.on(31)
    assert sorted(told()) == [("error", "a does not answer"), ("error", "c does not answer")]
    assert [one.getMessage() for one in caplog.records if one.exc_info] == [
        "Rule host_lost could not tell of b; it will be tried again."
    ]


def test_what_could_not_be_told_is_told_later(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    """It waits a minute, not for ever and not in every second; once it can be told it is."""
    time.host("b", connected=False)
    facts = Observation.objects.get().facts
    spoil("b")
    time.on(31)
    for _ in range(20):
        time.on(1)
    assert len(caplog.records) == 1
    Observation.objects.update(facts=facts)
    time.on(60)
    assert told() == [("error", "b does not answer")]
    assert Observation.objects.get().due_at is None


def test_a_storm_with_one_that_cannot_be_told_is_one_notification(time: Time) -> None:
    """What ended at the same time and cannot be told does not undo the storm."""
    time.host("b", connected=False)
    time.on(31)
    time.host("b", connected=True)
    Observation.objects.update(facts={}, due_at=NOON + timedelta(seconds=40))
    time.host(*[f"host-{number}" for number in range(30)], connected=False)
    time.on(60)
    assert told()[1:] == [("error", "30 hosts do not answer")]


def test_an_entity_that_is_no_key_keeps_no_other_waiting(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    """An observation of a job whose id is none is logged, and waits; the other is looked at."""
    job = jobs.create("deploy", status="running")
    for entity in (str(job.pk), "no id"):
        values = {"rule": "job_slow", "entity": entity, "due_at": NOON, "active": True, "facts": {}}
        Observation.objects.create(episode_at=NOON, since=NOON, changed_at=NOON, **values)
    known = {**dict.fromkeys(("was", "status", "target_host", "exit_code")), "id": str(job.pk), "name": "deploy"}
    Observation.objects.filter(entity=str(job.pk)).update(facts={**known, "job_type": "task", "limit": "1 s"})
    time.on(1)
    assert told() == [("warning", "deploy takes long")]
    assert "Rule job_slow could not look at no id; it will be tried again." in caplog.text
    assert all(one.due_at is None or one.due_at > time.now for one in Observation.objects.all())


def test_a_write_does_not_fail_for_what_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reports that a host is there again is answered, though its loss cannot be resolved now."""
    inventory.sync(Report("hyperv-01"))
    inventory.patch(Host, "hyperv-01", {"connected": False})
    background.tell_due(timezone.now() + timedelta(minutes=1))
    monkeypatch.setattr("aether.rules.templates.fill", _fail)
    inventory.sync(Report("hyperv-01"))
    assert Host.objects.get().connected
    assert Observation.objects.get().due_at is not None


def test_a_slow_job_that_cannot_be_looked_at_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """The others are told."""
    settings.JOB_TIME_LIMIT = 60
    pks = sorted(jobs.create(name, status="running").pk for name in ("one", "two"))
    bulk.update(Job.objects.all(), started_at=timezone.now() - timedelta(hours=1))
    load = switches.load
    answers = iter([load(), None, load()])  # For the look at all of them, for the first job, and for the second.
    monkeypatch.setattr(switches, "load", lambda: next(answers))
    background.find_slow(timezone.now())
    assert [seen.entity for seen in Observation.objects.all()] == [str(pks[1])]


def test_each_work_is_registered_by_itself() -> None:
    """One that fails is logged by its name, by whoever does the upkeep, and does not keep the others."""
    names = [getattr(work, "__qualname__", "") for work in upkeep.registered()]
    assert {"tell_due", "find_slow", "forget", "tell"} <= set(names)


def test_a_work_that_failed_is_done_again_at_once() -> None:
    """Its pause begins when it is done."""
    asked: list[str] = []

    def work(_: object) -> None:
        asked.append("again")
        if len(asked) == 1:
            raise KeyError(asked[0])

    paced: Callable[[], None] = background.Paced(work, 600)
    with pytest.raises(KeyError):
        paced()
    paced()
    paced()
    assert len(asked) == 2
    assert configuration.tell in [one.__wrapped__ for one in background.works()]  # type: ignore[attr-defined]


def _fail(*_: object) -> str:
    raise KeyError("hostname")
