"""Take over what a host reports of itself: all of its VMs at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from aether.inventory.actions.writing import Outcome, again, apply, defaults, put
from aether.inventory.models import VM, Cluster, Host
from realtime import bulk
from realtime.live_changes import chunks

MANY: Final = 20_000
"""VMs in one report."""
FIELDS: Final = [*(name.removesuffix("_id") for name in VM.written), "updated_at", "state_changed_at"]
"""What a report may change of a VM."""


@dataclass(frozen=True, slots=True)
class Report:
    """A host, and every VM that is on it: id → fields, named as the models name them.

    `host` says what is known of the host itself; what is not said keeps its value. A cluster that is not there yet is
    created. The VMs' values are taken as they are: the API has checked them, as `aether.inventory.api.serializers`
    does; the database refuses the worst.
    """

    hostname: str
    host: Mapping[str, Any] = field(default_factory=dict)
    vms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Synced:
    """What a report changed: the host, and how many VMs. One that came from another host is among the updated."""

    host: Outcome
    created: int
    updated: int
    deleted: int
    unchanged: int
    moved: int


@again
def sync(report: Report, now: datetime | None = None) -> Synced:
    """Make the inventory say what *report* says, all of it or nothing; only what differs is written and published.

    The host counts as heard of now. A VM that another host had moves to this one. Two reports of one host at once are
    taken over one after the other, and the later one counts.

    Raises: ValidationError, which names the fields of the host.
    """
    with transaction.atomic():
        host, outcome = _host(report, now or timezone.now())
        held = _hold_vms(host, report.vms)
        gone = [pk for pk in held if pk not in report.vms]
        # By id, so that two reports with the same new VMs wait for each other at the first one, and not in a circle.
        new = [VM(pk=pk, host=host, **report.vms[pk]) for pk in sorted(report.vms.keys() - held.keys())]
        moved = sum(row.host_id != host.pk for row in held.values())
        known, blank = [pk for pk in report.vms if pk in held], defaults(VM)
        changed = [held[pk] for pk in known if apply(held[pk], {**blank, **report.vms[pk], "host_id": host.pk})]
        for chunk in chunks(gone):
            bulk.delete(VM.objects.filter(pk__in=chunk))
        bulk.create(new)
        bulk.save(changed, FIELDS)
    return Synced(outcome, len(new), len(changed), len(gone), len(known) - len(changed), moved)


def _host(report: Report, now: datetime) -> tuple[Host, Outcome]:
    """Return the host, its row locked, as *report* says it is: connected, and without an error."""
    heard = {"connected": True, "error": None, "last_seen": now, **report.host}
    if name := heard.get("cluster_id"):
        _cluster(name)
    held = Host.objects.select_for_update(no_key=True).filter(pk=report.hostname).first()
    kept = {name: getattr(held, name) for name in Host.written} if held else {}
    return put(Host, report.hostname, {**kept, **heard})


def _cluster(name: str) -> None:
    if not Cluster.objects.filter(pk=name).exists():
        put(Cluster, name, {})


def _hold_vms(host: Host, ids: Collection[str]) -> dict[str, VM]:
    """Return, locked, the VMs on *host* and those of *ids*, wherever they are."""
    rows = VM.objects.select_for_update().filter(Q(host=host) | Q(pk__in=ids)).order_by("pk")
    return {row.pk: row for row in rows}
