"""Example jobs for a new installation: what the Imaginary Datacenter does on an ordinary morning."""

from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from aether.jobs import actions
from aether.jobs.models import Job
from aether.jobs.states import Status
from notifications.models import Seed
from realtime import bulk

NAME: Final = "imaginary-jobs"
GREEN, RED, BOLD, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[0m"
DEPLOYED: Final = [
    f"{BOLD}Deploying web-server-01{PLAIN}", "", "Creating the disk (64 GB) …", f"{GREEN}✔{PLAIN} disk created",
    "Copying the image …", *(f"  {percent:3} % {'█' * (percent // 5):20}" for percent in range(10, 101, 10)),
    f"{GREEN}✔{PLAIN} image copied", "STDERR: the clock of the guest was 2 s behind; it was set",
    f"{GREEN}✔{PLAIN} web-server-01 answers on port 443",
]  # fmt: skip
FAILED: Final = [
    "Checking db-server-01 …", f"{GREEN}✔{PLAIN} 212 of 214 files",
    f"STDERR: {RED}✘ /srv/db/wal/0000A3: bad CRC{PLAIN}",
    f"STDERR: {RED}✘ /srv/db/wal/0000A4: bad CRC{PLAIN}",
]  # fmt: skip
HOSTS: Final = ("hyperv-01.imaginary.example", "hyperv-02.imaginary.example")


def load() -> bool:
    """Load them, unless they were loaded here before, deleted since or not; return whether they were."""
    with transaction.atomic():
        _, new = Seed.objects.get_or_create(name=NAME)
        if not new:
            return False
        done = _job("Deploy web-server-01", 9, DEPLOYED, job_type="deploy", parameters={"memory_gb": 8, "cpu_cores": 4})
        actions.complete(done.pk, exit_code=0)
        broken = _job("Verify the backup of db-server-01", 30, FAILED, job_type="verify", target_host=HOSTS[1])
        actions.fail(broken.pk, "2 files are damaged.", exit_code=1)
        _times([(done, 9, 5), (broken, 30, 28)])
        _patching()
    return True


def _patching() -> None:
    """Make a job that runs, with children of which one is done."""
    whole = _job("Patch all hosts", 4, ["2 hosts to patch."], job_type="patch", target_host=None)
    first, second = (
        _job(f"Patch {host}", 4 - number, [f"Moving VMs away from {host} …"], parent=whole, target_host=host)
        for number, host in enumerate(HOSTS)
    )
    actions.complete(first.pk)
    actions.update(second.pk, progress=35)
    actions.update(whole.pk, progress=60)
    _times([(first, 4, 3)])


def _job(name: str, minutes: float, lines: list[str], **contents: Any) -> Job:
    defaults = {"target_host": HOSTS[0], "created_by": "dana", "status": Status.RUNNING}
    job = actions.create(name, **{**defaults, **contents})
    actions.append(job.pk, lines)
    _times([(job, minutes, None)])
    return job


def _times(spans: list[tuple[Job, float, float | None]]) -> None:
    """Let each job have begun, and have ended where it says so, so many minutes ago."""
    now = timezone.now()
    for job, began, ended in spans:
        times = {"created_at": now - timedelta(minutes=began), "started_at": now - timedelta(minutes=began)}
        if ended is not None:
            times["completed_at"] = now - timedelta(minutes=ended)
        bulk.update(Job.objects.filter(pk=job.pk), **times)
