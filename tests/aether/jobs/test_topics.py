"""Tests of the topic: what a client is told of jobs and their output, without a gap and without a repeat."""

import asyncio
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User

from aether.jobs import actions
from aether.jobs.models import Job
from realtime.topics import registered
from tests.realtime.clients import Client
from tests.realtime.conftest import Connect, connect, dial, edge, flat, in_thread, live, other, port, user

__all__ = ["connect", "dial", "edge", "live", "other", "port", "user"]


def running(name: str = "Backup") -> Job:
    """Return a job that runs."""
    return actions.create(name, status="running")


def write(job: Job, *lines: str) -> None:
    """Append lines."""
    actions.append(job.pk, lines)


async def until_status(client: Client, status: str) -> list[dict[str, Any]]:
    """Return what comes up to the message that the job has that state."""
    got: list[dict[str, Any]] = []
    while not any(one.get("action") == "status" and one["data"]["status"] == status for one in flat(got)):
        got.append(await client.receive())
    return flat(got)


def lines_of(messages: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Return each line with its number."""
    outputs = [one for one in messages if one.get("action") == "output"]
    return [(one["first_line"] + at, line) for one in outputs for at, line in enumerate(one["data"]["lines"])]


@pytest.mark.parametrize("v1", [True, False], ids=["v1", "legacy"])
@pytest.mark.parametrize("names", [["all", "jobs", "jobs:{}"], ["all", "jobs"], ["jobs:{}"]], ids=" ".join)
async def test_every_line_comes_once(connect: Connect, names: list[str], v1: bool) -> None:
    """However subscriptions overlap, each line and each state comes once; v1 gets lines where it named the job."""
    job = await in_thread(running)
    client = await connect(v1=v1)
    await client.subscribe(*(name.format(job.pk) for name in names))
    for number in range(1, 4):
        await in_thread(write, job, f"line {number}", "")
    await in_thread(actions.complete, job.pk)
    got = await until_status(client, "completed")
    named = "jobs:{}" in names
    expected = [(n, f"line {(n + 1) // 2}" if n % 2 else "") for n in range(1, 7)]
    assert lines_of(got) == (expected if named or not v1 else [])
    states = [one["data"]["status"] for one in got if one.get("action") == "status"]
    assert states in (["completed"], ["running", "completed"])  # The first may not have been numbered before.
    assert all(one["topic"] == "jobs" and one["job_id"] == str(job.pk) for one in got if one["type"] == "job")


async def test_a_viewer_continues_from_the_snapshot(connect: Connect) -> None:
    """A job's snapshot has its newest lines; what comes next has the number that follows them."""
    job = await in_thread(running)
    await in_thread(write, job, *(f"old {number}" for number in range(300)))
    client = await connect()
    got = await client.ask({"type": "subscribe", "topics": [f"jobs:{job.pk}"], "snapshot": True})
    [state] = [one for one in got if one["type"] == "snapshot"]
    assert (state["topic"], state["data"]["job"]["status"]) == (f"jobs:{job.pk}", "running")
    assert (state["data"]["first_line"], len(state["data"]["lines"])) == (101, 200)
    await in_thread(write, job, "new")
    await in_thread(actions.complete, job.pk)
    assert lines_of(await until_status(client, "completed")) == [(301, "new")]


async def test_a_snapshot_while_lines_come_has_no_gap_and_no_repeat(connect: Connect) -> None:
    """Whoever begins to follow in the middle has every line once: in the snapshot or after it."""
    job = await in_thread(running)

    def write_all() -> None:
        for number in range(1, 61):
            write(job, str(number))
        actions.complete(job.pk)

    writing = asyncio.create_task(in_thread(write_all))
    client = await connect()
    await client.send({"type": "subscribe", "topics": [f"jobs:{job.pk}"], "snapshot": True})
    got = [one for one in [await client.receive()] if one["type"] == "snapshot"]
    while not got:
        got = [one for one in [await client.receive()] if one["type"] == "snapshot"]
    state = got[0]["data"]
    known = [(state["first_line"] + at, line) for at, line in enumerate(state["lines"])]
    await writing
    later = [] if state["job"]["status"] == "completed" else await until_status(client, "completed")
    assert known + lines_of(later) == [(number, str(number)) for number in range(1, 61)]


async def test_the_snapshot_of_all_jobs(connect: Connect) -> None:
    """Jobs that are not finished come first, then the newest others; none has its output with it."""
    running_one, done = await in_thread(running, "runs"), await in_thread(running, "done")
    await in_thread(actions.complete, done.pk)
    client = await connect()
    got = await client.ask({"type": "subscribe", "topics": ["jobs"], "snapshot": True})
    [state] = [one["data"] for one in got if one["type"] == "snapshot"]
    assert [job["name"] for job in state["jobs"]] == ["runs", "done"]
    assert state["jobs"][0]["job_id"] == str(running_one.pk)
    assert not {"output", "lines", "id"} & set(state["jobs"][0])


async def test_a_job_may_be_followed_before_it_is_there(connect: Connect, user: User) -> None:
    """A client that knows the id of a job to come misses nothing of it."""
    pk = uuid.uuid4()
    client = await connect()
    got = await client.ask({"type": "subscribe", "topics": [f"jobs:{pk}"], "snapshot": True})
    assert [one["data"]["job"] for one in got if one["type"] == "snapshot"] == [None]
    await in_thread(lambda: actions.create("Later", id=pk, status="running"))
    assert (await until_status(client, "running"))[-1]["data"]["name"] == "Later"


@pytest.mark.django_db(transaction=True)
def test_upkeep_waits_before_it_fails_what_is_silent(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A server that was away itself gives runners the whole time again, since the database may have been away too."""
    from aether.jobs import topics

    now = [1_000.0]
    monkeypatch.setattr(topics.time, "monotonic", lambda: now[0])
    settings.JOB_HEARTBEAT_TIMEOUT = 60
    failed: list[float] = []
    monkeypatch.setattr(topics.actions, "fail_lost", lambda: failed.append(now[0]) or 0)
    topic = type(registered()["jobs"])()

    def serve(seconds: int) -> None:
        for _ in range(seconds):
            now[0] += 1
            topic.upkeep()

    serve(55)
    assert failed == []
    serve(20)
    assert failed
    now[0] += 300  # The database was away, and nobody could be heard of.
    failed.clear()
    serve(55)
    assert failed == []
