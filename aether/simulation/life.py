"""What happens when: events at a rate, by chance, and what follows from them."""

from collections.abc import Callable
from random import Random
from typing import Final

from aether.inventory.models import VM
from aether.simulation.machines import Machines
from aether.simulation.work import Work
from notifications import actions
from notifications.vocabulary import Category, Level

WEIGHTS: Final = {"vm": 40, "work": 40, "job": 7, "note": 9, "migrate": 3, "lose": 1}
"""Event → how many of a hundred are of that kind."""
NOTES: Final = (
    (Level.SUCCESS, Category.VM, "Snapshot taken", "{name} has a new snapshot of {size} GB."),
    (Level.INFO, Category.SYSTEM, "Certificate renewed", "The certificate of {name} is good for 90 more days."),
    (Level.INFO, Category.VM, "Patch available", "{size} updates wait for {name}."),
    (Level.WARNING, Category.VM, "Disk is getting full", "{size} % of the disk of {name} are used."),
    (Level.WARNING, Category.AUTHENTICATION, "Failed logins", "{size} failed logins on {name} within a minute."),
    (Level.ERROR, Category.VM, "Replication is behind", "{name} is {size} minutes behind its replica."),
)
Clock = Callable[[], float]
Wait = Callable[[float], bool]
Progress = Callable[[str], None]
TOLD: Final = 1.0
"""Seconds between two words on how far it has come."""


class Life:
    """The datacenter's life. *wait* waits so many seconds, and says whether to end; *progress* hears how far it is."""

    def __init__(
        self, chance: Random, *, rate: float, clock: Clock, wait: Wait, progress: Progress = lambda text: None
    ) -> None:
        self.chance = chance
        self.machines = Machines(chance)
        self.work = Work(chance, self._some_vm)
        self.events = 0
        self._rate = rate
        self._clock = clock
        self._wait = wait
        self._progress = progress
        self._told_at = 0.0

    def run(self, seconds: float) -> None:
        """Let things happen for *seconds*, 0 for ever; then let all that is under way end."""
        start = self._clock()
        due = 0.0
        try:
            while not (seconds and self._clock() - start >= seconds):
                now = self._clock() - start
                self.events += self.machines.proceed(now)
                if due <= now:
                    self._happen(now)
                    # Not in bursts after a pause: what could not be done in time is left out.
                    due = max(due, now - 1.0) + self.chance.expovariate(self._rate)
                self._tell_progress(now, seconds)
                following = min(due, self.machines.next_at() or due, seconds or due)
                if self._wait(max(0.0, min(1.0, following - (self._clock() - start)))):
                    break
        finally:
            self.work.finish()
            self.machines.settle()

    def _happen(self, now: float) -> None:
        [kind] = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        self.events += 1
        if kind == "vm":
            self.machines.move(now)
        elif kind == "migrate":
            self.machines.migrate(now)
        elif kind == "lose":
            self.machines.lose(now)
        elif kind == "job":
            self.work.begin()
        elif kind == "work":
            self.work.proceed()
        else:
            self._tell()

    def _tell_progress(self, now: float, seconds: float) -> None:
        if now - self._told_at < TOLD:
            return
        self._told_at = now
        far = f"{now:.0f} of {seconds:g} s" if seconds else f"{now:.0f} s"
        pace = f"{self.events:,} events, {self.events / now:.1f} a second"
        self._progress(f"{far}: {pace}; jobs: {len(self.work.running)}, lost hosts: {len(self.machines.lost)}")

    def _tell(self) -> None:
        if (vm := self._some_vm()) is None:
            return
        level, category, title, text = self.chance.choice(NOTES)
        message = text.format(name=vm.name, size=self.chance.randint(3, 97))
        told = {"simulated": True, "vm_id": vm.pk}
        actions.create(title, message, level=level, category=category, related_entity=vm.name, metadata=told)

    def _some_vm(self) -> VM | None:
        pk = self.chance.choice(list(self.machines.vms)) if self.machines.vms else None
        return VM.objects.filter(pk=pk).first()
