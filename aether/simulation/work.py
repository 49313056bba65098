"""What is done in the Imaginary Datacenter: jobs that print, with children now and then, and end one way or another."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from aether.inventory.models import VM
from aether.jobs import actions
from aether.jobs.models import Job
from aether.jobs.states import Refused, Status
from aether.simulation.place import MAKER

GREEN, YELLOW, RED, BOLD, PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[1m", "\x1b[0m"
KINDS: Final = (
    ("Back up {name}", "backup", ("Taking a snapshot", "Copying changed blocks", "Verifying checksums")),
    ("Update {name}", "update", ("Reading package lists", "Downloading 38 packages", "Restarting services")),
    ("Deploy to {name}", "deploy", ("Pulling the image", "Running migrations", "Waiting for health checks")),
    ("Defragment {name}", "maintenance", ("Analysing the disk", "Moving extents", "Trimming free space")),
)  # fmt: skip
LINES: Final = 24
"""Lines that a job prints, about."""
FAILS: Final = 0.12
AT_ONCE: Final = 12
"""Jobs that run at the same time, children included."""


@dataclass
class Running:
    """A job that is under way."""

    pk: uuid.UUID
    phases: tuple[str, ...]
    steps: int
    done: int = 0
    parent: "Running | None" = None
    children: int = 0
    broken: int = 0


class Work:
    """The jobs."""

    def __init__(self, chance: Random, names: Callable[[], VM | None]) -> None:
        self.chance = chance
        self.running: list[Running] = []
        self._names = names

    def begin(self) -> None:
        """Begin a job on some VM, or, now and then, one for several with a child for each."""
        if len(self.running) >= AT_ONCE:
            return
        template, kind, phases = self.chance.choice(KINDS)
        if self.chance.random() < 0.25:
            parent = self._start(template.format(name="all replicas"), kind, ("Preparing",), None, None)
            for _ in range(self.chance.randint(2, 4)):
                self._on_vm(template, kind, phases, parent)
        else:
            self._on_vm(template, kind, phases, None)

    def proceed(self) -> None:
        """Let some job print what it does next, and end where it is through."""
        ready = [job for job in self.running if job.children == 0]
        if not ready:
            self.begin()
            return
        job = self.chance.choice(ready)
        try:
            self._print(job)
        except (Refused, Job.DoesNotExist):  # Somebody has cancelled or deleted it.
            self._leave(job, failed=True)

    def finish(self) -> None:
        """End everything that runs, children first."""
        while self.running:
            for job in [job for job in self.running if job.children == 0]:
                try:
                    actions.append(job.pk, [f"{YELLOW}The simulation ends; so does this job.{PLAIN}"])
                    actions.complete(job.pk, exit_code=0)
                except (Refused, Job.DoesNotExist):
                    pass
                self._leave(job, failed=False)

    def _on_vm(self, template: str, kind: str, phases: tuple[str, ...], parent: Running | None) -> None:
        if (vm := self._names()) is not None:
            self._start(template.format(name=vm.name), kind, phases, vm, parent)

    def _start(self, name: str, kind: str, phases: tuple[str, ...], vm: VM | None, parent: Running | None) -> Running:
        about: dict[str, Any] = {"vm": vm.name, "vm_id": vm.pk} if vm else {}
        made = actions.create(
            name, job_type=kind, target_host=vm.host_id if vm else None, parameters=about, created_by=MAKER,
            parent=Job.objects.get(pk=parent.pk) if parent else None, status=Status.RUNNING,
        )  # fmt: skip
        job = Running(made.pk, phases, self.chance.randint(LINES // 2, LINES) if vm else 2, parent=parent)
        if parent:
            parent.children += 1
        self.running.append(job)
        return job

    def _print(self, job: Running) -> None:
        job.done += 1
        if self.chance.random() < FAILS / job.steps:
            actions.append(job.pk, [f"{RED}✘ {self._phase(job)}: input/output error{PLAIN}"], stderr=True)
            actions.fail(job.pk, f"{self._phase(job)} failed.", exit_code=1)
            self._leave(job, failed=True)
            return
        percent = min(100, 100 * job.done // job.steps)
        actions.append(job.pk, self._lines(job, percent))
        if job.done < job.steps:
            actions.update(job.pk, progress=percent)
        elif job.broken:
            actions.fail(job.pk, f"{job.broken} of its parts failed.", exit_code=1)
            self._leave(job, failed=True)
        else:
            actions.complete(job.pk, exit_code=0)
            self._leave(job, failed=False)

    def _lines(self, job: Running, percent: int) -> list[str]:
        phase = self._phase(job)
        if job.done == job.steps:
            return [f"{GREEN}✔{PLAIN} done"]
        first = job.done == 1 or phase != job.phases[(job.done - 1) * len(job.phases) // (job.steps + 1)]
        return [*([f"{BOLD}{phase} …{PLAIN}"] if first else []), f"  {percent:3} % {'█' * (percent // 5):20}"]

    def _phase(self, job: Running) -> str:
        return job.phases[min(len(job.phases) - 1, job.done * len(job.phases) // (job.steps + 1))]

    def _leave(self, job: Running, *, failed: bool) -> None:
        self.running.remove(job)
        if job.parent:
            job.parent.children -= 1
            job.parent.broken += failed
