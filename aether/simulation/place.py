"""Fill the inventory with the Imaginary Datacenter, and take it away with all that has happened in it."""

from collections.abc import Callable

from django.db.models import QuerySet

from aether.inventory import actions as inventory
from aether.inventory.imaginary import CLUSTERS, DOMAIN, Datacenter
from aether.inventory.models import Cluster, Host
from aether.jobs import actions as jobs
from aether.jobs.models import Job
from aether.jobs.states import UNFINISHED
from notifications import actions as notifications
from notifications.models import Notification

MAKER = "simulate"
"""`created_by` of its jobs, and in the metadata of its notifications."""
Progress = Callable[[str], None]


def fill(place: Datacenter, progress: Progress) -> None:
    """Let every host of *place* report what is on it: what was there before is as it was in the beginning."""
    for number, report in enumerate(place.reports(), start=1):
        inventory.sync(report)
        progress(f"{number} of {place.hosts} hosts, {number * place.vms // place.hosts} of {place.vms} VMs")


def clear(progress: Progress) -> None:
    """Delete all of it: the hosts with their VMs, the clusters that are empty then, jobs, and notifications."""
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
    notes = Notification.objects.filter(metadata__simulated=True, deleted_at=None)
    notifications.delete_for_everyone(list(notes.values_list("pk", flat=True)))


def hosts() -> "QuerySet[Host]":
    """Return the hosts of the Imaginary Datacenter, DUMMY_DATA's included: it is the same place."""
    return Host.objects.filter(hostname__endswith=f".{DOMAIN}")
