"""What is stored: clusters, the hosts in them, and the VMs on those.

Each has the id that its producer gave it, and a version. `save()` and `delete()` publish what they do.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.core.validators import MaxLengthValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from aether.inventory import validators
from aether.inventory.validators import ID_LENGTH
from notifications.validators import not_blank, storable
from realtime.live_models import LiveModel

NOTES_LENGTH: Final = 4_000
ERROR_LENGTH: Final = 2_000
AMOUNT: Final[list[Callable[[Any], None]]] = [MinValueValidator(0), validators.finite]


class State(models.TextChoices):
    """What a VM does."""

    RUNNING = "Running"
    OFF = "Off"
    PAUSED = "Paused"
    SAVED = "Saved"
    STARTING = "Starting"
    STOPPING = "Stopping"
    UNKNOWN = "Unknown"
    CREATING = "Creating"
    DELETING = "Deleting"


class Item(LiveModel):
    """What clusters, hosts and VMs have in common."""

    kind: ClassVar[str]
    written: ClassVar[tuple[str, ...]] = ()
    """What producers say of it, beside its id."""
    state_field: ClassVar[str] = ""
    """Whose change `state_changed_at` tells, where there is one."""
    quiet: ClassVar[frozenset[str]] = frozenset()
    """What may change without anybody being told: a sign of life alone is no news."""

    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(LiveModel.Meta):
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)


class Cluster(Item):
    """Hosts that belong together. Which ones, and how many are connected, follows from the hosts."""

    kind = "cluster"

    name = models.CharField(primary_key=True, max_length=ID_LENGTH, validators=[validators.identifier])

    class Meta(Item.Meta):
        ordering = ("name",)
        constraints = (models.CheckConstraint(condition=~Q(name=""), name="cluster_has_name"),)


class Host(Item):
    """A machine that runs VMs. `connected` says that it was heard of within INVENTORY_HOST_TIMEOUT."""

    kind = "host"
    written = ("cluster_id", "connected", "last_seen", "error", "total_cpu_cores", "total_memory_gb")
    state_field = "connected"
    quiet = frozenset({"last_seen"})

    hostname = models.CharField(primary_key=True, max_length=ID_LENGTH, validators=[validators.identifier])
    cluster = models.ForeignKey(Cluster, models.PROTECT, null=True, blank=True, related_name="hosts")
    connected = models.BooleanField(default=True)
    last_seen = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=ERROR_LENGTH, null=True, blank=True, validators=[storable])
    total_cpu_cores = models.PositiveIntegerField(default=0)
    total_memory_gb = models.FloatField(default=0, validators=AMOUNT)
    state_changed_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text="When it was last lost or found again."
    )

    class Meta(Item.Meta):
        ordering = ("hostname",)
        constraints = (
            models.CheckConstraint(condition=~Q(hostname=""), name="host_has_name"),
            models.CheckConstraint(condition=Q(total_memory_gb__gte=0), name="host_memory"),
        )
        indexes = (models.Index(fields=("last_seen",), condition=Q(connected=True), name="host_silent"),)


class VM(Item):
    """A virtual machine, on the host that was the last to report it."""

    kind = "vm"
    written = (
        "name", "host_id", "state", "cpu_cores", "memory_gb", "ip_address", "ip_addresses", "notes", "os_family",
        "os_name", "generation", "created_at", "disks", "networks",
    )  # fmt: skip
    state_field = "state"

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, validators=[validators.identifier])
    name = models.CharField(max_length=200, validators=[storable, not_blank])
    host = models.ForeignKey(Host, models.CASCADE, related_name="vms")
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNKNOWN)
    cpu_cores = models.PositiveIntegerField(default=0)
    memory_gb = models.FloatField(default=0, validators=AMOUNT)
    ip_address = models.CharField(max_length=64, null=True, blank=True, validators=[storable])
    ip_addresses = models.JSONField(default=list, blank=True, validators=[validators.addresses])
    notes = models.TextField(default="", blank=True, validators=[storable, MaxLengthValidator(NOTES_LENGTH)])
    os_family = models.CharField(max_length=50, null=True, blank=True, validators=[storable])
    os_name = models.CharField(max_length=200, null=True, blank=True, validators=[storable])
    generation = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, help_text="When the VM was, or was first heard of.")
    disks = models.JSONField(default=list, blank=True, validators=[validators.parts])
    networks = models.JSONField(default=list, blank=True, validators=[validators.parts])
    state_changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(Item.Meta):
        verbose_name = "VM"
        ordering = ("name", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(id=""), name="vm_has_id"),
            models.CheckConstraint(condition=~Q(name=""), name="vm_has_name"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="vm_state"),
            models.CheckConstraint(condition=Q(memory_gb__gte=0), name="vm_memory"),
        )
        indexes = (models.Index(fields=("state",), name="vm_by_state"),)
