"""How clusters, hosts and VMs look outside: one shape for REST, snapshots and pushes, with the original's fields."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db.models import Prefetch, QuerySet

from aether.inventory.models import VM, Cluster, Host, Item
from realtime.protocol import timestamp

Shown = dict[str, Any]
_time: Final = partial(timestamp, precision="microseconds")


def clusters() -> "QuerySet[Cluster]":
    """Return all clusters with what `cluster` looks at: their hosts, read with one query for all of them."""
    hosts = Host.objects.order_by("hostname").only("hostname", "cluster_id", "connected")
    return Cluster.objects.prefetch_related(Prefetch("hosts", hosts))


def cluster(row: Cluster) -> Shown:
    """Return what clients see of a cluster: it, and which of its hosts are connected."""
    hosts = list(row.hosts.all())
    return {
        **_about(row),
        "name": row.name,
        "hosts": [host.hostname for host in hosts],
        "connected_hosts": sum(host.connected for host in hosts),
        "total_hosts": len(hosts),
    }


def host(row: Host) -> Shown:
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


def vm(row: VM) -> Shown:
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


def represent(rows: Iterable[Item]) -> list[Shown]:
    """Return what clients see of *rows*; clusters are best read with `clusters()`."""
    return [_ONE[row.kind](row) for row in rows]


def moment(value: datetime | None) -> str | None:
    """Return a time as clients see it."""
    return None if value is None else _time(value)


def _about(row: Item) -> Shown:
    return {"kind": row.kind, "id": row.pk, "version": row.version, "updated_at": _time(row.updated_at)}


_ONE: Final[Mapping[str, Callable[[Any], Shown]]] = {"cluster": cluster, "host": host, "vm": vm}
