"""Tests of the inventory's REST API: the original's read routes, and what producers write."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from aether.inventory.models import VM, Cluster, Host
from aether.inventory.validators import ID_LENGTH
from realtime import tokens
from tests.aether.inventory.conftest import HOST, SYNC, Api, member, published, refused, report

pytestmark = pytest.mark.django_db

HOST_FIELDS = {"hostname", "cluster", "connected", "last_seen", "error", "total_cpu_cores", "total_memory_gb"}
VM_FIELDS = {
    "id", "name", "host", "state", "cpu_cores", "memory_gb", "ip_address", "ip_addresses", "notes", "os_family",
    "os_name", "generation", "created_at", "disks", "networks",
}  # fmt: skip
ADDED = {"kind", "id", "version", "updated_at", "state_changed_at"}


@pytest.fixture
def filled(producer: Api) -> Api:
    """A producer who has reported two hosts, of which one was lost since."""
    producer("post", SYNC, report({"id": "b"}, {"id": "a", "state": "Running"}, cluster="east"))
    producer("post", SYNC, report({"id": "c"}, hostname="lost", cluster="east"))
    producer("patch", "/inventory/hosts/lost", {"connected": False, "error": "No route"})
    published()
    return producer


def test_inventory_has_the_originals_shape(filled: Api, reader: Api) -> None:
    """GET /inventory counts all hosts, and parts those that are connected from those that are not."""
    status, body = reader("get", "/inventory")
    assert status == 200
    assert [host["hostname"] for host in body["hosts"]] == [HOST]
    assert [host["error"] for host in body["disconnected_hosts"]] == ["No route"]
    counts = {name: body[name] for name in body if name.endswith(("_count", "_hosts", "_vms", "_clusters"))}
    assert counts.pop("disconnected_hosts") == body["disconnected_hosts"]
    assert counts == {"total_hosts": 2, "total_vms": 3, "total_clusters": 1, "disconnected_count": 1}
    assert body["last_refresh"] == max(body[name][0]["last_seen"] for name in ("hosts", "disconnected_hosts"))
    assert set(body["hosts"][0]) == HOST_FIELDS | ADDED
    assert set(body["vms"][0]) == VM_FIELDS | ADDED
    [cluster] = body["clusters"]
    assert {name: cluster[name] for name in ("name", "hosts", "connected_hosts", "total_hosts")} == {
        "name": "east", "hosts": [HOST, "lost"], "connected_hosts": 1, "total_hosts": 2,
    }  # fmt: skip


def test_an_empty_inventory(reader: Api) -> None:
    """Before the first report there is nothing, and no time at which it was refreshed."""
    status, body = reader("get", "/inventory")
    assert (status, body["last_refresh"], body["total_vms"], body["clusters"]) == (200, None, 0, [])


def test_lists(filled: Api, reader: Api) -> None:
    """Hosts and VMs are arrays, by name; the VMs of a host that is not there are none."""
    assert [host["hostname"] for host in reader("get", "/hosts")[1]] == [HOST, "lost"]
    assert [vm["id"] for vm in reader("get", "/vms")[1]] == ["a", "b", "c"]
    assert [vm["id"] for vm in reader("get", f"/hosts/{HOST}/vms")[1]] == ["a", "b"]
    assert reader("get", "/hosts/nobody/vms") == (200, [])
    assert reader("get", "/hosts/%00/vms") == (200, [])


def test_one(filled: Api, reader: Api) -> None:
    """A VM is found by its id under both paths; what is not there is a 404 that says so."""
    status, vm = reader("get", "/vms/by-id/a")
    assert (status, vm["state"], vm["kind"]) == (200, "Running", "vm")
    assert reader("get", "/inventory/vms/a") == (200, vm)
    assert reader("get", "/inventory/hosts/lost")[1]["connected"] is False
    assert reader("get", "/inventory/clusters/east")[1]["connected_hosts"] == 1
    for path, name in (
        ("/vms/by-id/x", "VM x"),
        ("/inventory/hosts/x", "Host x"),
        ("/inventory/clusters/x", "Cluster x"),
    ):
        status, body = reader("get", path)
        assert (status, body["detail"]) == (404, f"{name} not found")
    assert [reader("get", f"/inventory/vms/{pk}")[0] for pk in ("%00", "%2E%2E", "x" * 500)] == [404] * 3


def test_put_creates_and_replaces(producer: Api) -> None:
    """PUT answers 201, then 200; what it does not say gets its default, but the VM's own time of creation."""
    assert producer("put", "/inventory/clusters/east", {})[0] == 201
    assert producer("put", "/inventory/hosts/h1", {"cluster": "east", "total_cpu_cores": 8})[0] == 201
    said = {"name": "web", "host": "h1", "cpu_cores": 4, "created_at": "2026-01-02T03:04:05Z", "disks": [{"gb": 1.5}]}
    status, first = producer("put", "/inventory/vms/5f0c-2", said)
    assert (status, first["state"], first["cpu_cores"], first["disks"]) == (201, "Unknown", 4, [{"gb": 1.5}])
    status, second = producer("put", "/inventory/vms/5f0c-2", {"name": "web", "host": "h1", "state": "Off"})
    assert (status, second["state"], second["cpu_cores"], second["disks"]) == (200, "Off", 0, [])
    assert second["created_at"] == first["created_at"] == "2026-01-02T03:04:05.000000Z"
    assert second["version"] == first["version"] + 1
    assert second["state_changed_at"] > first["state_changed_at"]


def test_put_unchanged_publishes_nothing(producer: Api) -> None:
    """The same PUT again writes no version and publishes nothing, of a host too, which was heard of again."""
    bodies = {"/clusters/east": {}, "/hosts/h1": {"cluster": "east"}, "/vms/v1": {"name": "web", "host": "h1"}}
    first = [producer("put", f"/inventory{path}", body)[1] for path, body in bodies.items()]
    assert ("created", "vm:v1") in published()
    again = [producer("put", f"/inventory{path}", body) for path, body in bodies.items()]
    assert published() == []
    assert [status for status, _ in again] == [200] * 3
    assert [body["version"] for _, body in again[1:]] == [body["version"] for body in first[1:]]
    assert again[1][1]["last_seen"] > first[1]["last_seen"]


def test_patch(filled: Api) -> None:
    """PATCH changes what is said and nothing else, and publishes once; a host's change tells its cluster where due."""
    assert filled("patch", "/inventory/vms/a", {"state": "Off", "notes": "x"})[1]["state"] == "Off"
    assert published() == [("updated", "vm:a")]
    assert filled("patch", "/inventory/hosts/lost", {"total_cpu_cores": 2})[1]["connected"] is False
    assert published() == [("updated", "host:lost")]
    status, host = filled("patch", "/inventory/hosts/lost", {"connected": True, "error": None})
    assert (status, host["connected"], host["error"]) == (200, True, None)
    assert published() == [("updated", "host:lost"), ("updated", "cluster:east")]
    assert filled("patch", "/inventory/vms/x", {"state": "Off"})[0] == 404


def test_a_sign_of_life_takes_back_why_the_host_was_lost(filled: Api) -> None:
    """A host that only says that it is connected has no error any more; one that says an error has that one."""
    lost = "/inventory/hosts/lost"
    assert filled("patch", lost, {"connected": True})[1]["error"] is None
    filled("patch", lost, {"connected": False, "error": "No route"})
    assert filled("patch", lost, {"connected": True, "error": "Disk full"})[1]["error"] == "Disk full"
    assert filled("patch", lost, {"connected": True})[1]["error"] == "Disk full"


def test_the_future_is_now(producer: Api) -> None:
    """A producer whose clock is ahead cannot keep a host from being lost for longer."""
    said = producer("put", "/inventory/hosts/h1", {"last_seen": "2999-01-01T00:00:00Z"})[1]
    assert said["last_seen"] < "2999"


def test_delete(filled: Api) -> None:
    """A VM goes alone, a host with its VMs, a cluster only without hosts; what comes back is newer than its end."""
    version = filled("get", "/inventory/vms/a")[1]["version"]
    assert filled("delete", "/inventory/vms/a") == (204, None)
    assert published() == [("deleted", "vm:a")]
    status, body = filled("delete", "/inventory/clusters/east")
    assert (status, body["title"]) == (409, "Conflict")
    assert filled("delete", f"/inventory/hosts/{HOST}")[0] == 204
    assert sorted(published()) == [("deleted", f"host:{HOST}"), ("deleted", "vm:b"), ("updated", "cluster:east")]
    assert filled("delete", f"/inventory/hosts/{HOST}")[0] == 404
    assert filled("delete", "/inventory/hosts/lost")[0] == filled("delete", "/inventory/clusters/east")[0] == 204
    assert (VM.objects.count(), Host.objects.count(), Cluster.objects.count()) == (0, 0, 0)
    filled("post", SYNC, report({"id": "a"}))
    assert filled("get", "/inventory/vms/a")[1]["version"] > version + 1


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/vms/v", {"name": "v"}, {"host": "required"}),
        ("/vms/v", {"host": "h1"}, {"name": "required"}),
        ("/vms/v", {"name": " ", "host": "h1"}, {"name": "blank"}),
        ("/vms/v", {"name": "v", "host": "nobody"}, {"host": "does_not_exist"}),
        ("/vms/v", {"name": "v", "host": "h1", "state": "Dancing"}, {"state": "invalid_choice"}),
        ("/vms/v", {"name": "v", "host": "h1", "cpu_cores": -1}, {"cpu_cores": "min_value"}),
        ("/vms/v", {"name": "v", "host": "h1", "cpu_cores": 10**30}, {"cpu_cores": "max_value"}),
        ("/vms/v", {"name": "v", "host": "h1", "memory_gb": "nan"}, {"memory_gb": "invalid"}),
        ("/vms/v", {"name": "v\x00", "host": "h1"}, {"name": "null_character"}),
        ("/vms/v", {"name": "v", "host": "h1", "ip_addresses": "10.0.0.1"}, {"ip_addresses": "not_a_list"}),
        ("/vms/v", {"name": "v", "host": "h1", "disks": [1]}, {"disks": "not_a_list"}),
        ("/vms/v", {"name": "v", "host": "h1", "disks": [{"a": "x" * 17_000}]}, {"disks": "max_size"}),
        ("/vms/v", {"name": "v", "host": "h1", "networks": [{"a": "\ud800"}]}, {"networks": "lone_surrogate"}),
        ("/vms/v", {"name": "v", "host": "h1", "uptime": 3}, {"uptime": "unknown"}),
        ("/vms/-v", {"name": "v", "host": "h1"}, {"id": "identifier"}),
        ("/vms/" + "v" * (ID_LENGTH + 1), {"name": "v", "host": "h1"}, {"id": "max_length"}),
        ("/hosts/h 1", {}, {"id": "identifier"}),
        ("/hosts/h2", {"cluster": "nowhere"}, {"cluster": "does_not_exist"}),
        ("/hosts/h2", {"connected": "perhaps"}, {"connected": "invalid"}),
        ("/clusters/east", {"hosts": ["h1"]}, {"hosts": "unknown"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(producer: Api, path: str, body: dict[str, Any], expected: dict[str, str]) -> None:
    """Invalid input is a 400 that names the field and the rule, and nothing is written."""
    producer("put", "/inventory/hosts/h1", {})
    published()
    assert refused(producer("put", f"/inventory{path}", body)) == expected
    assert (published(), VM.objects.count(), Host.objects.count()) == ([], 0, 1)


WRITES: list[tuple[str, str, Any, set[str]]] = [
    ("put", "/inventory/clusters/c", {}, {"Writer", "Admin", "Producer"}),
    ("put", "/inventory/hosts/h", {}, {"Writer", "Admin", "Producer"}),
    ("patch", "/inventory/hosts/h", {"connected": True}, {"Writer", "Admin", "Producer"}),
    ("put", "/inventory/vms/v", {"name": "v", "host": "h"}, {"Writer", "Admin", "Producer"}),
    ("patch", "/inventory/vms/v", {"state": "Off"}, {"Writer", "Admin", "Producer"}),
    ("post", SYNC, report({"id": "v"}, hostname="h", cluster="c"), {"Admin", "Producer"}),
    ("delete", "/inventory/vms/v", None, {"Admin", "Producer"}),
    ("delete", "/inventory/hosts/h", None, {"Admin", "Producer"}),
    ("delete", "/inventory/clusters/c", None, {"Admin", "Producer"}),
]
READS = ("/inventory", "/hosts", "/hosts/h/vms", "/vms", "/vms/by-id/v", "/inventory/hosts/h", "/inventory/clusters/c")


@pytest.mark.parametrize("role", ["Reader", "Writer", "Admin", "Producer"])
def test_who_may_do_what(role: str) -> None:
    """Everyone reads; Reader writes nothing, Writer does not delete, so not sync either; Admin and Producer do all."""
    root = Api(User.objects.create_superuser("root"))
    root("post", SYNC, report({"id": "v"}, hostname="h", cluster="c"))
    api = Api(member(role))
    assert [api("get", path)[0] for path in READS] == [200] * len(READS)
    for method, path, body, allowed in WRITES:
        status, answer = api(method, path, body)
        assert (status != 403) == (role in allowed), f"{method} {path} answered {role} with {status}"
        assert status < 400 or answer["detail"].startswith("This needs the permission inventory.")


def test_nobody_without_a_login(db: None) -> None:
    """Without a login nothing is read and nothing is written."""
    stranger = Api(None)
    assert {stranger("get", path)[0] for path in READS} == {401}
    assert {stranger(method, path, body)[0] for method, path, body, _ in WRITES} == {401}


def test_a_token_may_do_what_its_user_may() -> None:
    """A producer's API token syncs without a session; a reader's does not."""
    body = report({"id": "v"})
    texts = {role: tokens.create(member(role), "script")[1] for role in ("Producer", "Reader")}
    assert {role: Api(None, token=text)("post", SYNC, body)[0] for role, text in texts.items()} == {
        "Producer": 200, "Reader": 403,
    }  # fmt: skip
