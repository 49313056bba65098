"""Tests of the example jobs."""

import pytest

from aether.jobs import dummy, output
from aether.jobs.models import Job

pytestmark = pytest.mark.django_db


def test_loaded_once() -> None:
    """There is one that is done, one that failed, and one that runs with children; a second time nothing comes."""
    assert dummy.load()
    found = {job.name: job for job in Job.objects.all()}
    done, failed = found["Deploy web-server-01"], found["Verify the backup of db-server-01"]
    assert (done.status, failed.status, failed.exit_code) == ("completed", "failed", 1)
    assert any("\x1b[32m" in line for line in output.newest(done).lines)
    running = found["Patch all hosts"]
    assert {child.status for child in running.children.all()} == {"completed", "running"}
    assert all(job.created_at <= (job.completed_at or job.created_at) for job in found.values())
    Job.objects.get(pk=failed.pk).delete()
    assert not dummy.load()
    assert Job.objects.count() == len(found) - 1
