"""Tests of a host's report: what is created, changed, moved and vanished is worked out, and the rest is left alone."""

from typing import Any

import pytest

from aether.inventory import actions
from aether.inventory.api.fields import Listed
from aether.inventory.api.plain import plainly_good
from aether.inventory.imaginary import Datacenter
from aether.inventory.models import VM, Cluster, Host
from tests.aether.inventory.conftest import HOST, SYNC, Api, publications, published, refused, report

pytestmark = pytest.mark.django_db

UNCHANGED = {"host": "unchanged", "created": 0, "updated": 0, "deleted": 0, "unchanged": 0, "moved": 0}


def test_first_report(producer: Api) -> None:
    """The first report creates the cluster, the host and the VMs, and publishes each once."""
    answer = producer("post", SYNC, report({"id": "a"}, {"id": "b"}, cluster="east", total_cpu_cores=64))
    assert answer == (200, UNCHANGED | {"host": "created", "created": 2})
    assert published() == [
        ("created", "cluster:east"), ("created", f"host:{HOST}"), ("updated", "cluster:east"),
        ("created", "vm:a"), ("created", "vm:b"),
    ]  # fmt: skip
    host = Host.objects.get()
    assert (host.cluster_id, host.total_cpu_cores, host.connected) == ("east", 64, True)


def test_only_differences_are_published(producer: Api) -> None:
    """Of a report with one VM changed, one new and one gone, exactly these three are published."""
    producer("post", SYNC, report({"id": "a"}, {"id": "b"}, {"id": "c"}))
    before = Host.objects.get().last_seen
    published()
    assert producer("post", SYNC, report({"id": "c"}, {"id": "a"}, {"id": "b"}))[1] == UNCHANGED | {"unchanged": 3}
    assert published() == []
    assert Host.objects.get().last_seen > before
    answer = producer("post", SYNC, report({"id": "a", "state": "Off"}, {"id": "b"}, {"id": "d"}))
    assert answer[1] == UNCHANGED | {"created": 1, "updated": 1, "deleted": 1, "unchanged": 1}
    assert sorted(published()) == [("created", "vm:d"), ("deleted", "vm:c"), ("updated", "vm:a")]


def test_versions(producer: Api) -> None:
    """A changed VM has the next version and the time of its change of state; what is published says the same."""
    producer("post", SYNC, report({"id": "a"}, {"id": "b"}))
    before = {vm.pk: vm for vm in VM.objects.all()}
    published()
    producer("post", SYNC, report({"id": "a", "state": "Off"}, {"id": "b", "notes": "x"}))
    after = {vm.pk: vm for vm in VM.objects.all()}
    assert [after[pk].version - before[pk].version for pk in "ab"] == [1, 1]
    assert after["a"].state_changed_at > before["a"].state_changed_at
    assert after["b"].state_changed_at == before["b"].state_changed_at
    assert {body["data"]["id"]: body["data"]["version"] for body, _ in publications()} == {
        pk: vm.version for pk, vm in after.items()
    }


def test_what_is_not_said(producer: Api) -> None:
    """A VM's field that is left out gets its default, but its time of creation; a host's keeps its value."""
    said = {"id": "a", "cpu_cores": 4, "created_at": "2026-01-02T03:04:05Z"}
    producer("post", SYNC, report(said, cluster="east", total_memory_gb=64))
    producer("post", SYNC, report({"id": "a"}))
    vm, host = VM.objects.get(), Host.objects.get()
    assert (vm.cpu_cores, vm.created_at.year, vm.created_at.month) == (0, 2026, 1)
    assert (host.cluster_id, host.total_memory_gb) == ("east", 64)
    producer("post", SYNC, report({"id": "a"}, cluster=None))
    assert Host.objects.get().cluster_id is None
    assert Cluster.objects.filter(name="east").exists()


def test_a_vm_moves(producer: Api) -> None:
    """A VM in another host's report has moved: it keeps its identity, and the report of the host it left is no news."""
    producer("post", SYNC, report({"id": "a"}, {"id": "b"}))
    published()
    answer = producer("post", SYNC, report({"id": "a"}, hostname="h2"))[1]
    assert answer == UNCHANGED | {"host": "created", "updated": 1, "moved": 1}
    assert published() == [("created", "host:h2"), ("updated", "vm:a")]
    assert producer("post", SYNC, report({"id": "b"}))[1] == UNCHANGED | {"unchanged": 1}
    assert VM.objects.get(pk="a").host_id == "h2"


def test_a_lost_host_is_back(producer: Api) -> None:
    """A report connects a host again and takes its error away, which is published once."""
    producer("post", SYNC, report(cluster="east"))
    producer("patch", f"/inventory/hosts/{HOST}", {"connected": False, "error": "No route"})
    published()
    assert producer("post", SYNC, report())[1]["host"] == "updated"
    assert published() == [("updated", f"host:{HOST}"), ("updated", "cluster:east")]
    assert Host.objects.get().error is None


@pytest.mark.parametrize(
    ("vms", "expected"),
    [
        ([{"id": "a"}, {"id": "b", "state": "Dancing"}], {"vms.1.state": "invalid_choice"}),
        ([{"id": "a"}, {"id": "a"}], {"vms.1.id": "unique"}),
        ([{"name": "a"}], {"vms.0.id": "required"}),
        ([{"id": "a", "host": "h2"}], {"vms.0.host": "unknown"}),
        ([{"id": "a", "cpu_cores": True, "memory_gb": -1}], {"vms.0.memory_gb": "min_value"}),
        ([{"id": "a"}, "b", 3], {"vms.1": "invalid", "vms.2": "invalid"}),
        ({"a": {}}, {"vms": "not_a_list"}),
        ([{"id": str(number)} for number in range(actions.MANY + 1)], {"vms": "max_length"}),
    ],
)
def test_bad_entries_are_named(producer: Api, vms: Any, expected: dict[str, str]) -> None:
    """The answer names each bad entry by its number, and its field; nothing at all is written."""
    named = (
        [{"name": "n", **vm} if isinstance(vm, dict) and len(vm) < 3 else vm for vm in vms]
        if isinstance(vms, list)
        else vms
    )
    found = refused(producer("post", SYNC, {"hostname": HOST, "vms": named}))
    assert {field: rule for field, rule in found.items() if field in expected} == expected
    assert (Host.objects.count(), VM.objects.count(), published()) == (0, 0, [])


def test_an_answer_names_twenty_entries_at_most(producer: Api) -> None:
    """A report that is wrong all over does not get an answer of its own size."""
    found = refused(producer("post", SYNC, report(*({"id": str(n), "state": "?"} for n in range(50)))))
    assert len(found) == 20


def test_sizes(producer: Api) -> None:
    """A report may be larger than other bodies, up to 16 MB; without the permission its size does not matter."""
    vms = [{"id": str(number), "name": "n", "notes": "x" * 3_900} for number in range(800)]
    assert producer("post", SYNC, report(*vms))[0] == 200
    status, body = producer("post", SYNC, " " * (16 * 1024 * 1024 + 1))
    assert (status, body["title"]) == (413, "Request Entity Too Large")
    assert producer("post", SYNC, "[" * 100_000)[0] == 400


def test_ten_thousand(producer: Api) -> None:
    """10,000 VMs come in one request; in the next one exactly what differs is written and published."""
    [given] = Datacenter(10_000, 1, 1).reports()
    vms = [{"id": pk, **values} for pk, values in given.vms.items()]
    body = {"hostname": given.hostname, "cluster": "production", "vms": vms}
    assert producer("post", SYNC, body)[1] == UNCHANGED | {"host": "created", "created": 10_000}
    assert len(published()) == 10_003
    shown = {vm["id"]: vm for vm in producer("get", "/vms")[1]}
    assert all(shown[vm["id"]] == shown[vm["id"]] | vm for vm in vms)
    vms[7]["state"], vms[9]["name"] = "Stopping", "renamed"
    gone, vms[11] = vms[11]["id"], {"id": "new", "name": "new"}
    answer = producer("post", SYNC, body)[1]
    assert answer == UNCHANGED | {"created": 1, "updated": 2, "deleted": 1, "unchanged": 9_997}
    expected = {("updated", vms[7]["id"]), ("updated", vms[9]["id"]), ("created", "new"), ("deleted", gone)}
    assert sorted(published()) == sorted((action, f"vm:{pk}") for action, pk in expected)


GOOD: list[dict[str, Any]] = [
    {"id": "a", "name": "a"},
    {"id": "a", "name": "ä", "state": "Off", "cpu_cores": 1, "memory_gb": 1.5, "generation": 2, "notes": ""},
    {"id": "a", "name": "a", "ip_address": None, "os_family": None, "ip_addresses": ["10.0.0.1"]},
    {"id": "a", "name": "a", "disks": [{"x": 1, "y": None, "z": "t"}], "networks": []},
]
ODD: list[Any] = [
    {"id": "a"}, {"id": "", "name": "a"}, {"id": "a/b", "name": "a"}, {"id": "a", "name": ""}, {"id": "a", "name": " "},
    {"id": "a", "name": "\ud800"}, {"id": "a", "name": "\x00"}, {"id": "a", "name": 5}, {"id": "a", "name": "a" * 201},
    {"id": "a", "name": "a", "x": 1}, {"id": "a", "name": "a", "state": ["Off"]},
    {"id": "a", "name": "a", "state": "off"},
    {"id": "a", "name": "a", "cpu_cores": True}, {"id": "a", "name": "a", "cpu_cores": "3"},
    {"id": "a", "name": "a", "memory_gb": float("nan")}, {"id": "a", "name": "a", "generation": 40_000},
    {"id": "a", "name": "a", "ip_addresses": ["x" * 65]}, {"id": "a", "name": "a", "ip_addresses": [1]},
    {"id": "a", "name": "a", "disks": [{"x": [1]}]}, {"id": "a", "name": "a", "disks": [{"x": "y" * 20_000}]},
    {"id": "a", "name": "a", "disks": [{"x": float("inf")}]}, {"id": "a", "name": "a", "disks": [{"x": 10**5_000}]},
    [], None, "a",
]  # fmt: skip


@pytest.mark.parametrize("entry", GOOD)
def test_what_is_plainly_good_is_what_the_serializer_takes(entry: dict[str, Any]) -> None:
    """The quick look takes an entry only where the serializer does, and would not change it."""
    assert plainly_good(entry)
    assert dict(Listed().run_validation(entry)) == entry


@pytest.mark.parametrize("entry", ODD, ids=range(len(ODD)))
def test_what_is_odd_is_left_to_the_serializer(entry: Any) -> None:
    """The quick look takes nothing that is not plainly good, whatever it is."""
    assert not plainly_good(entry)
