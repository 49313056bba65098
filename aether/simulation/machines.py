"""What happens to VMs and hosts."""

import heapq
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone

from aether.inventory import actions
from aether.inventory.models import VM, Host, State
from aether.simulation.place import hosts

WAYS: Final = {
    State.RUNNING: (*[(State.STOPPING, State.OFF)] * 2, (State.PAUSED,), (State.SAVED,), (State.UNKNOWN,)),
    State.OFF: ((State.STARTING, State.RUNNING),),
    State.PAUSED: ((State.RUNNING,),),
    State.SAVED: ((State.STARTING, State.RUNNING),),
    State.UNKNOWN: ((State.RUNNING,),),
}  # fmt: skip
"""State → the states that may follow, the last of each for a while. What is none of these is under way already."""
REASONS: Final = (
    "It has not answered for 30 seconds.",
    "The agent reports: no route to host.",
    "Its clock is 9 minutes off.",
)
BEAT: Final = 60.0
"""Seconds between two signs of life of a host."""
MOST_LOST: Final = 0.2
"""Of the hosts, at most at once."""


@dataclass(order=True)
class Step:
    """What is due: a VM's next state, or a host that is found again."""

    at: float
    number: int
    kind: type[VM] | type[Host] = field(compare=False)
    pk: str = field(compare=False)
    values: dict[str, Any] = field(compare=False)


class Machines:
    """The hosts and VMs. Time is given in seconds from the start."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.hosts = sorted(hosts().filter(connected=True).values_list("hostname", flat=True))
        self.vms = dict(VM.objects.filter(host__in=hosts()).order_by("pk").values_list("pk", "state"))
        self.lost: set[str] = set(hosts().filter(connected=False).values_list("hostname", flat=True))
        self._pks = list(self.vms)
        self._due: list[Step] = []
        self._number = 0
        self._beaten = 0.0
        for hostname in sorted(self.lost):
            self._later(5 + chance.random() * 20, Host, hostname, {"connected": True, "error": None})

    def move(self, now: float) -> None:
        """Begin a change of some VM."""
        pk = self.chance.choice(self._pks)
        ways = WAYS.get(State(self.vms[pk]))
        if ways is None:
            return
        at = now
        for state in self.chance.choice(ways):
            self._later(at, VM, pk, _in_state(state, self.chance))
            at += 2 + self.chance.random() * 5
        self.vms[pk] = State.STARTING  # Nothing else is begun with it before it is through.

    def migrate(self, now: float) -> None:
        """Move some VM to another host."""
        if len(self.hosts) > 1:
            self._later(now, VM, self.chance.choice(self._pks), {"host_id": self.chance.choice(self.hosts)})

    def lose(self, now: float) -> None:
        """Lose a host for a while, unless many are lost."""
        there = [hostname for hostname in self.hosts if hostname not in self.lost]
        if len(there) < 2 or len(self.lost) >= max(1, int(len(self.hosts) * MOST_LOST)):
            return
        hostname = self.chance.choice(there)
        self.lost.add(hostname)
        reason = self.chance.choice(REASONS)
        self._later(now, Host, hostname, {"connected": False, "error": reason})
        self._later(now + 15 + self.chance.random() * 45, Host, hostname, {"connected": True, "error": None})

    def proceed(self, now: float) -> int:
        """Do what is due by *now*; return how much that was. Hosts that are there say so now and then."""
        done = 0
        while self._due and self._due[0].at <= now:
            self._take(heapq.heappop(self._due))
            done += 1
        if now - self._beaten >= BEAT:
            self._beaten = now
            self._beat(timezone.now())
        return done

    def next_at(self) -> float | None:
        """Return when the next step is due, None where nothing is."""
        return self._due[0].at if self._due else None

    def settle(self) -> None:
        """Let everything that is under way arrive, and every host be found."""
        for step in sorted(self._due):
            self._take(step)
        self._due.clear()

    def _take(self, step: Step) -> None:
        values = dict(step.values)
        if values.get("connected"):
            self.lost.discard(step.pk)
            values["last_seen"] = timezone.now()
        elif "state" in values:
            self.vms[step.pk] = values["state"]
        try:
            actions.patch(step.kind, step.pk, values)
        except step.kind.DoesNotExist:
            self._forget(step.pk)
        except ValidationError:  # The host that it would move to is gone.
            self._forget_host(str(values.get("host_id")))

    def _beat(self, now: datetime) -> None:
        for hostname in [*self.hosts]:
            if hostname not in self.lost:
                try:
                    actions.patch(Host, hostname, {"connected": True, "last_seen": now})
                except Host.DoesNotExist:
                    self._forget_host(hostname)

    def _forget(self, pk: str) -> None:
        """Somebody has deleted it."""
        if pk in self.vms:
            self.vms[pk] = State.DELETING

    def _forget_host(self, hostname: str) -> None:
        if hostname in self.hosts:
            self.hosts.remove(hostname)

    def _later(self, at: float, kind: type[VM] | type[Host], pk: str, values: dict[str, Any]) -> None:
        self._number += 1
        heapq.heappush(self._due, Step(at, self._number, kind, pk, values))


def _in_state(state: State, chance: Random) -> dict[str, Any]:
    """Return what a VM in *state* looks like: it has an address while it runs."""
    address = f"10.{chance.randint(20, 219)}.{chance.randint(0, 249)}.{chance.randint(1, 250)}"
    if state in (State.RUNNING, State.PAUSED):
        return {"state": state.value} | (
            {"ip_address": address, "ip_addresses": [address]} if state == State.RUNNING else {}
        )
    return {"state": state.value, "ip_address": None, "ip_addresses": []}
