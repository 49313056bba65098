"""Fill the inventory with the Imaginary Datacenter, and take it away with all that has happened in it."""

from collections.abc import Callable, Iterator

from django.db.models import Q, QuerySet

from aether.inventory import actions as inventory
from aether.inventory.imaginary import CLUSTERS, DOMAIN, Datacenter
from aether.inventory.models import VM, Cluster, Host
from aether.jobs import actions as jobs
from aether.jobs.models import Job
from aether.jobs.states import UNFINISHED
from notifications import actions as notifications
from notifications.models import Notification
from realtime.live_changes import chunks
from realtime.live_watching import unwatched

MAKER = "simulate"
"""`created_by` of its jobs."""
Progress = Callable[[str], None]


def fill(place: Datacenter, progress: Progress) -> None:
    """Let every host of *place* report what is on it: what was there before is as it was in the beginning."""
    with unwatched():  # That a place is there is no news.
        for number, report in enumerate(place.reports(), start=1):
            inventory.sync(report)
            progress(f"{number} of {place.hosts} hosts, {number * place.vms // place.hosts} of {place.vms} VMs")


def clear(progress: Progress) -> None:
    """Delete all of it: the hosts with their VMs, the clusters that are empty then, jobs, and what was told of them."""
    with unwatched():
        for chunk in chunks(list(_notes())):
            notifications.delete_for_everyone(chunk)
        for number, hostname in enumerate(hosts().values_list("hostname", flat=True), start=1):
            inventory.delete(Host, hostname)
            progress(f"{number} hosts deleted")
        for name in Cluster.objects.filter(hosts=None).values_list("name", flat=True):
            if name in CLUSTERS or name.startswith("region-"):
                inventory.delete(Cluster, name)
        for pk in Job.objects.filter(created_by=MAKER, status__in=UNFINISHED).values_list("pk", flat=True):
            jobs.cancel(pk)
        for pk in Job.objects.filter(created_by=MAKER, parent=None).values_list("pk", flat=True):
            jobs.delete(pk)


def hosts() -> "QuerySet[Host]":
    """Return the hosts of the Imaginary Datacenter, DUMMY_DATA's included: it is the same place."""
    return Host.objects.filter(hostname__endswith=f".{DOMAIN}")


def _notes() -> Iterator[object]:
    """Yield the ids of its own notifications, and of those that the rules made of what happened in it."""
    known = {str(pk) for pk in (*hosts().values_list("pk", flat=True), *_vms(), *_jobs())}
    keys = {f"host:{pk}:connected" for pk in known} | {f"vm:{pk}:state" for pk in known} | {f"job:{pk}" for pk in known}
    live = Notification.objects.filter(deleted_at=None)
    rows = live.filter(Q(metadata__simulated=True) | Q(dedup_key__isnull=False))
    for pk, key, metadata in rows.values_list("pk", "dedup_key", "metadata").iterator():
        many = metadata.get("ids") if (key or "").startswith("many:") else None
        if metadata.get("simulated") is True or key in keys or (many and known.issuperset(many)):
            yield pk


def _vms() -> "QuerySet[VM, str]":
    return VM.objects.filter(host__in=hosts()).values_list("pk", flat=True)


def _jobs() -> "QuerySet[Job, object]":
    return Job.objects.filter(created_by=MAKER).values_list("pk", flat=True)
