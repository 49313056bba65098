"""The examples of the OpenAPI schema."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_ABOUT: Final = {"version": 1795512600125, "updated_at": "2026-11-24T09:30:00.125308Z"}
_CHANGED: Final = {"state_changed_at": "2026-11-24T09:30:00.125308Z"}
CLUSTER: Final[dict[str, Any]] = {
    "kind": "cluster",
    "id": "production",
    **_ABOUT,
    "name": "production",
    "hosts": ["hyperv-01.imaginary.example"],
    "connected_hosts": 1,
    "total_hosts": 1,
}
HOST: Final[dict[str, Any]] = {
    "kind": "host",
    "id": "hyperv-01.imaginary.example",
    **_ABOUT,
    "hostname": "hyperv-01.imaginary.example",
    "cluster": "production",
    "connected": True,
    "last_seen": "2026-11-24T09:30:00.125308Z",
    "error": None,
    "total_cpu_cores": 64,
    "total_memory_gb": 512.0,
    **_CHANGED,
}
VM: Final[dict[str, Any]] = {
    "kind": "vm",
    "id": "5f0c2a34-9b7e-4d0e-8a53-1f7a8f3f2b10",
    **_ABOUT,
    "name": "db-server-01",
    "host": "hyperv-01.imaginary.example",
    "state": "Running",
    "cpu_cores": 8,
    "memory_gb": 32.0,
    "ip_address": "10.20.1.10",
    "ip_addresses": ["10.20.1.10"],
    "notes": "",
    "os_family": "linux",
    "os_name": "Debian 12",
    "generation": 2,
    "created_at": "2026-03-01T08:00:00.000000Z",
    "disks": [{"path": "C:\\VMs\\db-server-01.vhdx", "size_gb": 200}],
    "networks": [{"name": "servers", "mac_address": "00-15-5D-01-02-03"}],
    **_CHANGED,
}
_WRITTEN: Final = {
    name: VM[name] for name in ("name", "state", "cpu_cores", "memory_gb", "ip_address", "ip_addresses", "os_name")
}


def _sent(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


def _answer(name: str, value: Any, *statuses: str) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=list(statuses) or ["200"])


PUT_CLUSTER: Final = _sent("A cluster", {})
PUT_HOST: Final = _sent("A host", {"cluster": None, "total_cpu_cores": 64, "total_memory_gb": 512})
PATCH_HOST: Final = _sent("A sign of life", {"connected": True})
PUT_VM: Final = _sent("A VM", {**_WRITTEN, "host": VM["host"]})
PATCH_VM: Final = _sent("Another state", {"state": "Off"})
SYNC: Final = _sent(
    "A host and its VMs",
    {"hostname": HOST["id"], "cluster": "production", "total_cpu_cores": 64, "vms": [{"id": VM["id"], **_WRITTEN}]},
)
ONE_CLUSTER: Final = _answer("A cluster", CLUSTER, "200", "201")
ONE_HOST: Final = _answer("A host", HOST, "200", "201")
ONE_VM: Final = _answer("A VM", VM, "200", "201")
HOSTS: Final = _answer("Hosts", HOST)
VMS: Final = _answer("VMs", VM)
SYNCED: Final = _answer(
    "Counts", {"host": "unchanged", "created": 0, "updated": 1, "deleted": 0, "unchanged": 41, "moved": 0}
)
EVERYTHING: Final = _answer(
    "Everything",
    {
        "clusters": [CLUSTER],
        "hosts": [HOST],
        "vms": [VM],
        "disconnected_hosts": [],
        "total_hosts": 1,
        "total_vms": 1,
        "total_clusters": 1,
        "disconnected_count": 0,
        "last_refresh": HOST["last_seen"],
    },
)
