"""Tests of the actions: states, parents, what is published, and what the server does by itself."""

import itertools
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django.fixtures import Settings

from aether.jobs import actions, output
from aether.jobs.models import Chunk, Job, Output
from aether.jobs.states import Refused, Status
from realtime import bulk
from tests.aether.jobs.conftest import printed, published

pytestmark = pytest.mark.django_db

ALLOWED = {
    ("pending", "running"), ("pending", "failed"), ("pending", "cancelled"),
    ("running", "completed"), ("running", "failed"), ("running", "cancelled"),
}  # fmt: skip


def running(name: str = "Backup", **contents: object) -> Job:
    """Return a job that runs."""
    return actions.create(name, **{"status": Status.RUNNING, **contents})


def in_state(status: str) -> Job:
    """Return a job in that state."""
    if status == "pending":
        return actions.create("Backup")
    job = running()
    return job if status == "running" else actions.update(job.pk, status=status)


def codes(error: ValidationError) -> dict[str, str]:
    """Return field → rule."""
    return {name: errors[0].code for name, errors in error.error_dict.items()}


@pytest.mark.parametrize(("current", "wanted"), [*itertools.product(Status.values, Status.values)])
def test_states(current: str, wanted: str) -> None:
    """A state is followed by those that may follow it; the same one changes nothing; all others are refused."""
    job = in_state(current)
    before = len(published())
    if current == wanted or (current, wanted) in ALLOWED:
        assert actions.update(job.pk, status=wanted).status == wanted
        assert (len(published()) > before) == (current != wanted)
    else:
        with pytest.raises(Refused, match=f"is {current}; it cannot become {wanted}"):
            actions.update(job.pk, status=wanted)
        assert len(published()) == before


def test_times_follow_the_states() -> None:
    """It is noted when a job began and when it ended; a completed one is at 100 %."""
    job = actions.create("Backup")
    assert (job.started_at, job.completed_at) == (None, None)
    job = actions.start(job.pk)
    assert job.started_at is not None
    job = actions.complete(job.pk, exit_code=0)
    assert job.completed_at is not None
    assert (job.progress, job.exit_code) == (100, 0)


def test_a_new_job_is_not_finished() -> None:
    """Nothing begins at its end."""
    with pytest.raises(Refused, match="it cannot be failed"):
        actions.create("Backup", status="failed")


def test_what_is_finished_makes_no_progress() -> None:
    """The progress of a job that has ended stays."""
    job = in_state("failed")
    with pytest.raises(Refused, match="is failed"):
        actions.update(job.pk, progress=50)


def test_a_change_is_published_once() -> None:
    """Each change is one message with the whole job but its output, and no change is none."""
    job = running(target_host="db-1", parameters={"a": 1})
    actions.update(job.pk, progress=40)
    actions.update(job.pk, progress=40)
    first, second = published()
    assert [first["action"], second["action"]] == ["status", "status"]
    assert first["job_id"] == first["data"]["job_id"] == str(job.pk)
    assert second["data"]["progress"] == 40
    assert second["data"]["version"] > first["data"]["version"]
    assert "output" not in first["data"]
    assert (first["data"]["target_host"], first["data"]["parameters"]) == ("db-1", {"a": 1})


def test_a_child_shows_with_its_parent() -> None:
    """A parent lists its children, and is published when it gets one."""
    parent = running("All")
    child = running("One", parent=parent)
    last = published()[-1]
    assert (last["job_id"], last["data"]["child_jobs"]) == (str(parent.pk), [str(child.pk)])


def test_no_cycle_of_parents() -> None:
    """The parent is chosen at creation and never changed, so that nothing is its own ancestor."""
    parent = running("All")
    child = running("One", parent=parent)
    parent.parent = child
    with pytest.raises(ValidationError) as refused:
        parent.save()
    assert codes(refused.value) == {"parent": "immutable"}
    itself = Job(name="x")
    itself.parent = itself
    with pytest.raises(ValidationError):
        actions.check(itself)


def test_generations_are_bounded() -> None:
    """Only so many generations of jobs may follow each other."""
    job = None
    for number in range(16):
        job = running(str(number), parent=job)
    with pytest.raises(ValidationError) as refused:
        running("too many", parent=job)
    assert codes(refused.value) == {"parent": "depth"}


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({"name": " "}, {"name": "blank"}),
        ({"name": "a\0"}, {"name": "null_character"}),
        ({"name": "x", "parameters": []}, {"parameters": "not_an_object"}),
        ({"name": "x", "status": "asleep"}, {"status": "invalid_choice"}),
        ({"name": "x", "target_host": "h" * 201}, {"target_host": "max_length"}),
    ],
)
def test_invalid_contents(contents: dict[str, object], expected: dict[str, str]) -> None:
    """What cannot be stored is refused by its field and its rule."""
    with pytest.raises(ValidationError) as refused:
        actions.create(**contents)
    assert codes(refused.value) == expected


def test_delete() -> None:
    """A finished job goes with its children and their output, and each is published as deleted."""
    parent = running("All")
    child = running("One", parent=parent)
    actions.append(child.pk, ["a"])
    with pytest.raises(Refused, match="is running"):
        actions.delete(parent.pk)
    actions.complete(parent.pk)
    with pytest.raises(Refused, match="one of its children"):
        actions.delete(parent.pk)
    actions.complete(child.pk)
    actions.delete(parent.pk)
    assert (Job.objects.count(), Chunk.objects.count(), Output.objects.count()) == (0, 0, 0)
    gone = [body for body in published() if body["action"] == "deleted"]
    assert {body["job_id"] for body in gone} == {str(parent.pk), str(child.pk)}
    assert all(set(body["data"]) == {"job_id", "version"} for body in gone)


def test_who_is_not_heard_of_has_failed(settings: Settings) -> None:
    """A watched job whose runner is silent fails, for a reason; one that nobody waits for, or that speaks, does not."""
    settings.JOB_HEARTBEAT_TIMEOUT = 60
    silent, alive = running("silent", watched=True), running("alive", watched=True)
    unwatched, ended = running("unwatched"), running("ended", watched=True)
    actions.complete(ended.pk)
    Output.objects.filter(job__in=[silent, alive, ended]).update(heard_at=timezone.now() - timedelta(seconds=61))
    actions.append(alive.pk, ["still here"])
    assert actions.fail_lost() == 1
    found = {job.name: job.status for job in Job.objects.all()}
    assert found == {"silent": "failed", "alive": "running", "unwatched": "running", "ended": "completed"}
    assert "not been heard of for 60 seconds" in (Job.objects.get(pk=silent.pk).error or "")
    assert published()[-1]["data"]["status"] == "failed"
    assert unwatched.pk


def test_old_jobs_are_pruned(settings: Settings) -> None:
    """Finished jobs go after their time, children before their parents; what is not finished stays."""
    settings.JOB_RETENTION = 3_600
    parent, going_on = running("old"), running("running")
    child, fresh = running("old child", parent=parent), in_state("completed")
    for job in (child, parent):
        actions.complete(job.pk)
    before = timezone.now() - timedelta(hours=2)
    bulk.update(Job.objects.filter(pk__in=[parent.pk, child.pk]), completed_at=before)
    bulk.update(Job.objects.filter(pk=going_on.pk), created_at=before)
    assert [actions.prune() for _ in range(3)] == [1, 1, 0]
    assert set(Job.objects.values_list("pk", flat=True)) == {going_on.pk, fresh.pk}


def test_old_output_is_pruned(settings: Settings) -> None:
    """The output of jobs that ended a while ago goes before they do; how many lines there were stays known."""
    settings.JOB_OUTPUT_RETENTION = 3_600
    job, fresh = running(), running("fresh")
    for one in (job, fresh):
        actions.append(one.pk, ["a", "b"])
        actions.complete(one.pk)
    bulk.update(Job.objects.filter(pk=job.pk), completed_at=timezone.now() - timedelta(hours=2))
    assert [actions.prune_output(), actions.prune_output()] == [1, 0]
    assert output.newest(job) == (3, [], 2)
    assert output.newest(fresh).lines == ["a", "b"]


def test_output_is_taken_while_it_runs() -> None:
    """Lines of a job that has not begun, or has ended, are refused; a cancelled one may still say how it ends."""
    for status in Status.values:
        job = in_state(status)
        if status in ("running", "cancelled"):
            assert actions.append(job.pk, ["a"]).total == 1
        else:
            with pytest.raises(Refused, match=f"is {status}"):
                actions.append(job.pk, ["a"])


def test_a_repeat_after_the_end_is_none() -> None:
    """Who sends the last lines again, not knowing that they were stored, is not refused."""
    job = running()
    actions.append(job.pk, ["a", "b"], first=1)
    actions.complete(job.pk)
    assert actions.append(job.pk, ["a", "b"], first=1).lines == []
    assert printed() == [(1, ["a", "b"])]


def test_what_is_not_there() -> None:
    """Nothing can be done with a job that there is none of."""
    for work in (actions.start, actions.complete, actions.cancel, actions.delete, actions.status_of):
        with pytest.raises(Job.DoesNotExist):
            work(uuid.uuid4())
    with pytest.raises(Job.DoesNotExist):
        actions.append(uuid.uuid4(), ["a"])
