"""Tests of the Imaginary Datacenter, and of the example inventory that is made of it."""

from itertools import pairwise

import pytest

from aether.inventory import dummy
from aether.inventory.api.reports import ReportSerializer
from aether.inventory.imaginary import Datacenter
from aether.inventory.models import VM, Cluster, Host, State
from tests.aether.inventory.conftest import Api, published

pytestmark = pytest.mark.django_db


def test_the_same_seed_is_the_same_place() -> None:
    """The same size and seed give the same reports; another seed gives other VMs."""
    assert list(Datacenter.of(500).reports()) == list(Datacenter.of(500).reports())
    ids = [{pk for one in Datacenter.of(50, seed).reports() for pk in one.vms} for seed in (1, 2)]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("vms", [0, 1, 40, 301, 10_000])
def test_sizes(vms: int) -> None:
    """There are as many VMs as were asked for, each once, spread evenly over hosts, and hosts over clusters."""
    place = Datacenter.of(vms)
    reports = list(place.reports())
    ids = [pk for one in reports for pk in one.vms]
    assert len(ids) == len(set(ids)) == vms
    assert len({one.hostname for one in reports}) == place.hosts
    counts = [len(one.vms) for one in reports]
    assert max(counts) - min(counts) <= 1
    clusters = [one.host["cluster_id"] for one in reports]
    assert len(set(clusters)) == place.clusters
    assert sum(first != second for first, second in pairwise(clusters)) == place.clusters - 1


def test_what_is_imagined_could_be_reported() -> None:
    """Each report is one that the API takes, with names that are not repeated."""
    names: list[str] = []
    for one in Datacenter.of(400).reports():
        vms = [{"id": pk, **values} for pk, values in one.vms.items()]
        ReportSerializer(data={"hostname": one.hostname, "vms": vms}).is_valid(raise_exception=True)
        names += [str(vm["name"]) for vm in vms]
    assert len(names) == len(set(names))


def test_the_example_inventory(reader: Api) -> None:
    """It is what the example notifications tell of: one host lost, one VM off; it is loaded once."""
    assert dummy.load()
    assert not dummy.load()
    assert (Cluster.objects.count(), Host.objects.count(), VM.objects.count()) == (3, 6, 40)
    body = reader("get", "/inventory")[1]
    assert [host["hostname"] for host in body["disconnected_hosts"]] == ["hyperv-01.imaginary.example"]
    assert VM.objects.get(name="db-server-01").state == State.OFF
    assert {"web-server-01", "dana-sandbox"} <= set(VM.objects.values_list("name", flat=True))
    assert VM.objects.get(name="dana-sandbox").host_id == "hyperv-02.imaginary.example"
    assert len(published()) > 46


def test_what_was_deleted_stays_deleted() -> None:
    """Who deletes the example inventory does not find it again at the next start."""
    dummy.load()
    Host.objects.all().delete()
    assert not dummy.load()
    assert not VM.objects.exists()
