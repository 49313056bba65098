"""Tests of code as a job: `with jobs.running(…)`, sync and async."""

import asyncio
from typing import Any

import pytest
from django.db import OperationalError, transaction

from aether import jobs
from aether.jobs import actions, output, reporter
from aether.jobs.models import Job
from tests.realtime.conftest import in_thread
from tests.support.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_block_that_ends_well() -> None:
    """The job runs while the block does, has its lines and its progress, and is completed at the end."""
    with jobs.running("Backup", target_host="db-1") as job:
        pk = job.job.pk
        job.line("first")
        wait_for(lambda: output.newest(pk).lines == ["first"], what="the line, while the block runs")
        assert Job.objects.get(pk=pk).status == "running"
        job.progress(40)
        wait_for(lambda: Job.objects.get(pk=pk).progress == 40, what="the progress")
        job.line("two\nthree")
        job.line("")
    done = Job.objects.get(pk=pk)
    assert (done.status, done.progress, done.target_host) == ("completed", 100, "db-1")
    assert output.newest(pk).lines == ["first", "two", "three", ""]


def fail_at_30_percent() -> None:
    """Run a job that divides by zero."""
    with jobs.running("Backup") as job:
        job.progress(30)
        _ = 1 / 0


def test_a_block_that_fails() -> None:
    """An exception fails the job, with its text and its traceback, and goes on."""
    with pytest.raises(ZeroDivisionError):
        fail_at_30_percent()
    failed = Job.objects.get()
    assert (failed.status, failed.error, failed.progress) == ("failed", "ZeroDivisionError: division by zero", 30)
    assert output.newest(failed).lines[0] == "Traceback (most recent call last):"


def test_an_interrupted_block() -> None:
    """Ctrl-C cancels the job and goes on."""
    with pytest.raises(KeyboardInterrupt), jobs.running("Backup"):
        raise KeyboardInterrupt
    assert Job.objects.get().status == "cancelled"


def test_a_cancelled_job() -> None:
    """Code can see that somebody cancelled its job, and the job stays so."""
    with jobs.running("Backup") as job:
        actions.cancel(job.job.pk)
        wait_for(lambda: job.cancelled, what="the news")
    assert Job.objects.get().status == "cancelled"


def test_not_inside_of_a_transaction() -> None:
    """A job that nobody could see is refused; a transaction inside of the block is fine."""
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"), jobs.running("Backup"):
        raise AssertionError
    with jobs.running("Backup") as job, transaction.atomic():
        Job.objects.get()
        job.line("inside")
    assert output.newest(Job.objects.get()).lines == ["inside"]


async def test_async_code() -> None:
    """The same with `async with`, which does not keep the loop waiting."""
    async with jobs.running("Backup") as job:
        job.line("a")
        await asyncio.sleep(0)
    found = await in_thread(Job.objects.get)
    assert found.status == "completed"
    with pytest.raises(ValueError, match="wrong"):
        async with jobs.running("Again"):
            raise ValueError("wrong")
    assert await in_thread(lambda: Job.objects.get(name="Again").status) == "failed"


def test_lines_outlive_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where an answer was lost after the lines were stored, each line is there once, in order."""
    real, calls = actions.append, []

    def append(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) % 3 == 1:
            raise OperationalError("away")
        done = real(*arguments, **options)
        if len(calls) % 3 == 2:
            raise OperationalError("the answer was lost")
        return done

    monkeypatch.setattr(reporter.actions, "append", append)
    with jobs.running("Backup") as job:
        for number in range(300):
            job.line(str(number))
    assert output.newest(Job.objects.get(), 300).lines == [str(number) for number in range(300)]
    assert len(calls) >= 3


def test_many_lines_go_in_few_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under load one write carries many lines."""
    real, sizes = actions.append, []

    def append(pk: Any, lines: Any, **options: Any) -> Any:
        sizes.append(len(lines))
        return real(pk, lines, **options)

    monkeypatch.setattr(reporter.actions, "append", append)
    with jobs.running("Backup") as job:
        for number in range(20_000):
            job.line(f"line {number}")
    assert sum(sizes) == 20_000
    assert len(sizes) < 60
    assert output.newest(Job.objects.get()).total == 20_000
