"""What moves the inventory: choices that the writer makes through Python, and the reporters over REST.

Few ids, so that the two meet: rows are created, changed, moved, deleted and created again under the same id.
"""

import random
from typing import Any, Final

CLUSTERS: Final = tuple(f"cluster-{number}" for number in range(3))
HOSTS: Final = tuple(f"host-{number}" for number in range(8))
VMS: Final = tuple(f"vm-{number}" for number in range(40))
STATES: Final = ("Running", "Off", "Paused", "Saved")
MOST: Final = 8
"""VMs in one report."""


def vms(chance: random.Random) -> dict[str, dict[str, Any]]:
    """Return some VMs by id, each as a report has it; few values, so that many a report changes little."""
    some = chance.sample(VMS, chance.randrange(MOST))
    return {pk: {"name": pk, "state": chance.choice(STATES)} for pk in some}


def requests(chance: random.Random) -> tuple[str, str, dict[str, Any]]:
    """Return the method, path and body of one request that reports, changes or deletes something."""
    host, cluster, vm = chance.choice(HOSTS), chance.choice(CLUSTERS), chance.choice(VMS)
    report = {"hostname": host, "vms": [{"id": pk, **values} for pk, values in vms(chance).items()]}
    found: list[tuple[int, str, str, dict[str, Any]]] = [
        (8, "POST", "sync", report),
        (4, "POST", "sync", {**report, "cluster": cluster}),
        (2, "PUT", f"clusters/{cluster}", {}),
        (3, "PUT", f"hosts/{host}", {"cluster": chance.choice([cluster, None]), "total_cpu_cores": 8}),
        (5, "PUT", f"vms/{vm}", {"name": vm, "host": host, "state": chance.choice(STATES)}),
        (5, "PATCH", f"vms/{vm}", {"state": chance.choice(STATES)}),
        (3, "PATCH", f"hosts/{host}", {"connected": chance.random() < 0.6}),
        (2, "DELETE", f"vms/{vm}", {}),
        (1, "DELETE", f"hosts/{host}", {}),
        (1, "DELETE", f"clusters/{cluster}", {}),
    ]
    [(_, method, path, body)] = chance.choices(found, [weight for weight, *_ in found])
    return method, f"/api/v1/inventory/{path}", body
