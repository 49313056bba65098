"""The example inventory of a new installation, which the example notifications tell about."""

from typing import Final

from django.db import transaction
from django.utils import timezone

from aether.inventory import actions
from aether.inventory.imaginary import Datacenter
from aether.inventory.models import VM, Host, State
from notifications.models import Seed

NAME: Final = "imaginary-inventory"
LOST: Final = "hyperv-01.imaginary.example"
OFF: Final = "db-server-01"


def load(place: Datacenter | None = None) -> bool:
    """Load it, unless it was loaded here before, deleted since or not; return whether it was."""
    with transaction.atomic():
        _, new = Seed.objects.get_or_create(name=NAME)
        if not new:
            return False
        for report in (place or Datacenter()).reports():
            actions.sync(report)
        text = "It has not answered for 30 seconds."
        actions.patch(Host, LOST, {"connected": False, "error": text, "last_seen": timezone.now()})
        for row in VM.objects.filter(name=OFF):
            actions.patch(VM, row.pk, {"state": State.OFF.value, "ip_address": None, "ip_addresses": []})
    return True
