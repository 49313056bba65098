"""The Imaginary Datacenter: any number of VMs on hosts in clusters, the same for the same seed."""

import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aether.inventory.actions import Report
from aether.inventory.models import State

DOMAIN: Final = "imaginary.example"
NAMED: Final = ("db-server-01", "dana-sandbox", "web-server-01", "backup-agent")
"""The VMs that the example notifications tell about."""
ROLES: Final = ("web", "db", "cache", "mail", "build", "git", "dns", "proxy", "files", "metrics")
SYSTEMS: Final = (
    ("linux", "Debian 12"),
    ("linux", "Ubuntu 24.04"),
    ("linux", "Rocky Linux 9"),
    ("windows", "Windows Server 2022"),
    ("windows", "Windows Server 2019"),
)
STATES: Final = {State.RUNNING: 80, State.OFF: 12, State.SAVED: 4, State.PAUSED: 3, State.STARTING: 1}
"""State → how many of a hundred VMs are in it."""
SIZES: Final = ((1, 2.0), (2, 4.0), (2, 8.0), (4, 16.0), (8, 32.0))
CLUSTERS: Final = ("production", "staging", "edge")
NAMESPACE: Final = uuid.UUID("6f0c2a34-9b7e-4d0e-8a53-1f7a8f3f2b10")


@dataclass(frozen=True, slots=True)
class Datacenter:
    """How large it is. VMs are spread over the hosts in turn, and hosts over the clusters in blocks."""

    vms: int = 40
    hosts: int = 6
    clusters: int = 3
    seed: int = 1

    @classmethod
    def of(cls, vms: int, seed: int = 1) -> "Datacenter":
        """Return one for *vms* VMs with as many hosts and clusters as such a place has."""
        hosts = max(1, vms // 50) if vms > 300 else max(1, min(6, vms // 6))
        return cls(vms, hosts, max(1, min(hosts, 3 if hosts < 20 else hosts // 8)), seed)

    def reports(self) -> Iterator[Report]:
        """Yield what each host reports of itself, by name; `actions.sync` takes it over."""
        placed: dict[int, dict[str, Mapping[str, Any]]] = {number: {} for number in range(self.hosts)}
        chance = random.Random(self.seed)  # noqa: S311  The same seed, the same place.  # nosec B311
        for number in range(self.vms):
            placed[number % self.hosts][self.vm_id(number)] = _vm(number, chance)
        for number, vms in placed.items():
            about = {"cluster_id": self.cluster(number), "total_cpu_cores": 64, "total_memory_gb": 512.0}
            yield Report(self.hostname(number), about, vms)

    def hostname(self, number: int) -> str:
        """Return the name of the host *number*, from 0."""
        return f"hyperv-{number + 1:02}.{DOMAIN}"

    def cluster(self, number: int) -> str:
        """Return the name of the cluster that the host *number* is in."""
        place = number * self.clusters // self.hosts
        return CLUSTERS[place] if place < len(CLUSTERS) else f"region-{place - len(CLUSTERS) + 1:02}"

    def vm_id(self, number: int) -> str:
        """Return the id of the VM *number*, from 0."""
        return str(uuid.uuid5(NAMESPACE, f"{self.seed}/{number}"))


def _vm(number: int, chance: random.Random) -> dict[str, Any]:
    """Return the fields of the VM *number*, as `actions` takes them."""
    role = ROLES[number % len(ROLES)]
    name = NAMED[number] if number < len(NAMED) else f"{role}-server-{number // len(ROLES) + 2:02}"
    family, system = chance.choice(SYSTEMS)
    cores, memory = chance.choice(SIZES)
    [state] = chance.choices(list(STATES), list(STATES.values()))
    address = f"10.{20 + number // 62_500 % 200}.{number // 250 % 250}.{number % 250 + 1}"
    mac = "-".join(f"{part:02X}" for part in (0, 0x15, 0x5D, number >> 16 & 255, number >> 8 & 255, number & 255))
    return {
        "name": name,
        "state": state.value,
        "cpu_cores": cores,
        "memory_gb": memory,
        "ip_address": address if state == State.RUNNING else None,
        "ip_addresses": [address] if state == State.RUNNING else [],
        "notes": "",
        "os_family": family,
        "os_name": system,
        "generation": 2,
        "disks": [{"name": f"{name}.vhdx", "type": "Dynamic", "size_gb": chance.choice((40, 80, 200))}],
        "networks": [{"adapter_name": "Network Adapter", "network": role, "mac_address": mac}],
    }
