"""What the writer's process does with the inventory and with jobs, through Python. Needs Django to be set up."""

import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from django.db import transaction

from aether.inventory import actions as inventory
from aether.inventory.models import VM, Host
from aether.jobs import actions as jobs
from aether.jobs.models import Job
from aether.jobs.states import FINAL, Status
from realtime import bulk
from tests.chaos import fleet

KEPT: Final = 30
"""Jobs that there are at most, beside those that clients follow by name."""
FEW: Final = 4
"""So many of these are not deleted."""

Choices = dict[Callable[[], None], int]


class Fleet:
    """Moves clusters, hosts and VMs."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.choices: Choices = {self.report: 6, self.change: 4, self.sweep: 1, self.half_taken_back: 2}

    def report(self) -> None:
        """Take over what a host says of itself; where it is not there, it comes with a cluster."""
        host = {"cluster_id": self.chance.choice(fleet.CLUSTERS)}
        inventory.sync(inventory.Report(self.chance.choice(fleet.HOSTS), host, fleet.vms(self.chance)))

    def change(self) -> None:
        """Change one VM, several times in one transaction: what is not sent yet is merged."""
        pk = self.chance.choice(fleet.VMS)
        with transaction.atomic():
            for _ in range(self.chance.randint(1, 4)):
                inventory.patch(VM, pk, {"state": self.chance.choice(fleet.STATES)})

    def sweep(self) -> None:
        """Change many in one statement, or delete them."""
        some = VM.objects.filter(pk__in=self.chance.sample(fleet.VMS, 6))
        if self.chance.random() < 0.7:
            bulk.update(some, state=self.chance.choice(fleet.STATES))
        else:
            bulk.delete(some)

    def half_taken_back(self) -> None:
        """Report, and take a change back to a savepoint; sometimes take all of it back."""
        with transaction.atomic():
            self.report()
            with transaction.atomic():
                bulk.update(VM.objects.filter(pk__in=fleet.VMS[:10]), notes="never said")
                transaction.set_rollback(True)
            transaction.set_rollback(self.chance.random() < 0.3)

    def rest(self) -> None:
        """Disconnect every host, so that none is lost by itself after the end."""
        for pk in Host.objects.filter(connected=True).values_list("pk", flat=True):
            with suppress(Host.DoesNotExist):
                inventory.patch(Host, pk, {"connected": False})


class Work:
    """Moves jobs: those that clients follow by name it creates, and leaves the rest to those who report on them."""

    def __init__(self, chance: random.Random, named: list[str]) -> None:
        self.chance = chance
        self.named = {uuid.UUID(job) for job in named}
        self.choices: Choices = {self.create: 8, self.advance: 14, self.family: 3, self.taken_back: 1, self.prune: 3}
        self._coming = [uuid.UUID(job) for job in reversed(named)]
        self._count = 0

    def create(self) -> None:
        """Create a job: most often the next of those that are followed by name, as long as there are any."""
        if self._coming and self.chance.random() < 0.7:
            pk = self._coming[-1]
            if not Job.objects.filter(pk=pk).exists():  # It may be there although its commit was not answered.
                jobs.create("Named", id=pk)
            self._coming.pop()
        else:
            self._create()

    def advance(self) -> None:
        """Let a job come on by some steps, which are merged, and perhaps to its end."""
        if (job := self._any(status=Status.PENDING)) and self.chance.random() < 0.3:
            jobs.start(job)
        elif job := self._any(status=Status.RUNNING):
            with transaction.atomic():
                for _ in range(self.chance.randint(1, 3)):
                    jobs.update(job, progress=self.chance.randrange(100))
            if self.chance.random() < 0.3:
                ends: list[Callable[[uuid.UUID], Job]] = [
                    jobs.complete,
                    jobs.cancel,
                    partial(jobs.fail, error="No luck"),
                ]
                self.chance.choice(ends)(job)

    def family(self) -> None:
        """Give a job a child, which changes both."""
        if parent := self._any(status=Status.RUNNING):
            self._create(parent=Job.objects.get(pk=parent))

    def taken_back(self) -> None:
        """Create and start a job that nobody may ever hear of."""
        with transaction.atomic():
            jobs.start(self._create().pk)
            transaction.set_rollback(True)

    def prune(self) -> None:
        """Delete a finished job and its children, where there are many."""
        if self._others().count() > FEW and (job := self._any(status__in=FINAL)):
            jobs.delete(job)

    def _create(self, **contents: Job) -> Job:
        self._count += 1
        if self._others().count() >= KEPT:
            return self._others().latest("created_at")  # type: ignore[no-any-return]
        return jobs.create(f"Job {self._count}", **contents)  # type: ignore[arg-type]

    def _others(self) -> Any:
        """Return the jobs that nobody follows by name."""
        return Job.objects.exclude(pk__in=self.named)

    def _any(self, **where: object) -> uuid.UUID | None:
        found = list(self._others().filter(**where).values_list("pk", flat=True))
        return self.chance.choice(found) if found else None
