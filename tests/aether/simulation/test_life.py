"""Tests of the Imaginary Datacenter in motion, with a clock that stands still unless it is waited for."""

from collections import Counter
from random import Random

import pytest

from aether.inventory.imaginary import Datacenter
from aether.inventory.models import VM, Cluster, Host, State
from aether.jobs.models import Job, Output
from aether.jobs.states import FINAL
from aether.simulation import place
from aether.simulation.life import Life
from notifications import actions
from notifications.models import Notification

pytestmark = pytest.mark.django_db


def silent(_text: str) -> None:
    """Take progress, and show it to nobody."""


class Time:
    """A clock; waiting is what moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def wait(self, seconds: float) -> bool:
        """Let so many seconds pass, and some more: work takes time, too."""
        self.now += seconds + 0.001
        return False


def live(seconds: float, seed: int = 1, vms: int = 60) -> Life:
    """Fill a place and let things happen in it for so many seconds."""
    place.fill(Datacenter.of(vms, seed), silent)
    time = Time()
    life = Life(Random(seed), rate=5, clock=lambda: time.now, wait=time.wait)
    life.run(seconds)
    return life


def test_everything_moves_and_comes_to_rest() -> None:
    """VMs change, hosts are lost and found, jobs print and end, notifications come; at the end nothing is under way."""
    before = dict(place.hosts().values_list("pk", "version"))
    life = live(60)
    assert life.events > 200
    assert not Job.objects.exclude(status__in=FINAL).exists()
    assert {job.status for job in Job.objects.all()} >= {"completed"}
    assert Job.objects.exclude(parent=None).exists()
    assert Output.objects.filter(lines__gt=3).exists()
    assert Notification.objects.filter(metadata__simulated=True).count() > 3
    assert not Host.objects.filter(connected=False).exists()
    assert before != dict(place.hosts().values_list("pk", "version"))
    under_way = {State.STARTING, State.STOPPING, State.CREATING, State.DELETING}
    started = Datacenter.of(60).reports()
    first = {pk: vm["state"] for report in started for pk, vm in report.vms.items()}
    moved = [vm for vm in VM.objects.all() if vm.state != first[vm.pk]]
    assert moved
    assert not [vm for vm in moved if vm.state in under_way]


def test_addresses_go_with_the_state() -> None:
    """What runs has an address, and what is off has none."""
    live(30)
    rows = VM.objects.values_list("state", "ip_address")
    kinds = Counter((state, bool(address)) for state, address in rows if state in (State.RUNNING, State.OFF))
    assert {kind for kind, count in kinds.items() if count} == {(State.RUNNING, True), (State.OFF, False)}


def test_the_same_seed_is_the_same_life() -> None:
    """The same events happen to the same VMs."""
    live(20)
    first = sorted(VM.objects.values_list("pk", "state", "host_id"))
    place.clear(silent)
    live(20)
    assert sorted(VM.objects.values_list("pk", "state", "host_id")) == first


def test_what_somebody_deletes_stops_nothing() -> None:
    """A host, VMs and jobs that go meanwhile are left alone."""
    place.fill(Datacenter.of(30), silent)
    time = Time()
    life = Life(Random(1), rate=5, clock=lambda: time.now, wait=time.wait)
    Host.objects.get(pk=life.machines.hosts[0]).delete()
    life.run(60)
    assert not Job.objects.exclude(status__in=FINAL).exists()


def test_clearing_takes_what_it_made_and_nothing_else() -> None:
    """Hosts, VMs, clusters, jobs and notifications of it go; what others made stays."""
    actions.create("Of somebody else", related_entity="web-server-01")
    Cluster(name="lab").save()
    Host(hostname="lab-01", cluster_id="lab").save()
    VM(id="lab-vm", name="lab-vm", host_id="lab-01").save()
    Job(name="Of somebody else").save()
    live(30)
    place.clear(silent)
    assert [vm.pk for vm in VM.objects.all()] == ["lab-vm"]
    assert [host.pk for host in Host.objects.all()] == ["lab-01"]
    assert [cluster.pk for cluster in Cluster.objects.all()] == ["lab"]
    assert [job.name for job in Job.objects.all()] == ["Of somebody else"]
    assert [note.title for note in Notification.objects.filter(deleted_at=None)] == ["Of somebody else"]
    place.clear(silent)


def test_it_tells_how_far_it_is() -> None:
    """About once a second it says how long it has run, how much has happened, and how fast that is."""
    place.fill(Datacenter.of(20, 1), silent)
    time, told = Time(), list[str]()
    Life(Random(1), rate=5, clock=lambda: time.now, wait=time.wait, progress=told.append).run(10)
    assert 8 <= len(told) <= 10
    assert told[-1].partition(":")[0] in ("9 of 10 s", "10 of 10 s")
    assert "events," in told[-1]
    assert "a second; jobs:" in told[-1]
