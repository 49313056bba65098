"""How clusters, hosts and VMs look outside: one shape for REST, snapshots and pushes, with the original's fields."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from aether.inventory.models import VM, Cluster, Host, Item
from realtime.protocol import timestamp

_time: Final = partial(timestamp, precision="microseconds")


def host(row: Host) -> dict[str, Any]:
    """Return what clients see of a host; it depends on its row alone."""
    return {
        **_about(row),
        "hostname": row.hostname,
        "cluster": row.cluster_id,
        "connected": row.connected,
        "last_seen": moment(row.last_seen),
        "error": row.error,
        "total_cpu_cores": row.total_cpu_cores,
        "total_memory_gb": row.total_memory_gb,
        "state_changed_at": _time(row.state_changed_at),
    }


def vm(row: VM) -> dict[str, Any]:
    """Return what clients see of a VM; it depends on its row alone."""
    return {
        **_about(row),
        "name": row.name,
        "host": row.host_id,
        "state": str(row.state),
        "cpu_cores": row.cpu_cores,
        "memory_gb": row.memory_gb,
        "ip_address": row.ip_address,
        "ip_addresses": row.ip_addresses,
        "notes": row.notes,
        "os_family": row.os_family,
        "os_name": row.os_name,
        "generation": row.generation,
        "created_at": _time(row.created_at),
        "disks": row.disks,
        "networks": row.networks,
        "state_changed_at": _time(row.state_changed_at),
    }


def clusters(rows: Iterable[Cluster]) -> list[dict[str, Any]]:
    """Return what clients see of clusters: their hosts are looked up with one query for all of them."""
    found = list(rows)
    members: dict[str | None, list[tuple[str, bool]]] = {row.pk: [] for row in found}
    hosts = Host.objects.filter(cluster__in=members).order_by("hostname")
    for name, hostname, connected in hosts.values_list("cluster_id", "hostname", "connected"):
        members[name].append((hostname, connected))
    return [_cluster(row, members[row.pk]) for row in found]


def represent(rows: Iterable[Item]) -> list[dict[str, Any]]:
    """Return what clients see of *rows*, which are all of one kind."""
    found = list(rows)
    if found and isinstance(found[0], Cluster):
        return clusters(row for row in found if isinstance(row, Cluster))
    return [_ONE[row.kind](row) for row in found]


def _cluster(row: Cluster, members: list[tuple[str, bool]]) -> dict[str, Any]:
    return {
        **_about(row),
        "name": row.name,
        "hosts": [hostname for hostname, _ in members],
        "connected_hosts": sum(connected for _, connected in members),
        "total_hosts": len(members),
    }


def _about(row: Item) -> dict[str, Any]:
    return {"kind": row.kind, "id": row.pk, "version": row.version, "updated_at": _time(row.updated_at)}


def moment(value: datetime | None) -> str | None:
    """Return a time as clients see it."""
    return None if value is None else _time(value)


_ONE: Final[Mapping[str, Callable[[Any], dict[str, Any]]]] = {"host": host, "vm": vm}
