"""The topic that inventory changes travel on."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.serializers import BaseSerializer

from aether.inventory import actions
from aether.inventory.models import VM, Host, Item
from aether.inventory.representation import Shown, clusters, represent
from realtime.live_topics import LiveTopic, Part
from realtime.topics import register


class ItemSerializer(BaseSerializer[Item]):
    """What clients see: the same as REST's, made without looking at a field's definition for each of 10,000 rows."""

    def to_representation(self, instance: Item) -> Shown:
        """Return it."""
        return represent([instance])[0]


class InventoryTopic(LiveTopic):
    """Clusters, hosts and VMs, for everyone who is logged in: `inventory`, `inventory:host:<hostname>` and so on."""

    name: ClassVar[str] = "inventory"
    parts = (
        Part(clusters(), ItemSerializer, "cluster", [IsAuthenticated], depends_on={Host: "cluster"}),
        Part(Host.objects.all(), ItemSerializer, "host", [IsAuthenticated]),
        Part(VM.objects.all(), ItemSerializer, "vm", [IsAuthenticated]),
    )

    def __init__(self) -> None:
        super().__init__()
        self._listening_since: datetime | None = None

    def state(self, objects: list[Shown]) -> dict[str, Any]:
        """Return the snapshot's data by kind, with REST's names."""
        return {f"{part.kind}s": [shown for shown in objects if shown["kind"] == part.kind] for part in self.parts}

    def upkeep(self) -> None:
        """Disconnect the hosts that have been silent for INVENTORY_HOST_TIMEOUT seconds.

        While nothing ran here nobody could be heard, so that no silence counts from before the first call.
        """
        now, silence = timezone.now(), timedelta(seconds=settings.INVENTORY_HOST_TIMEOUT)
        self._listening_since = self._listening_since or now
        if silence and now - self._listening_since >= silence:
            actions.lose_silent(now, silence)


register(InventoryTopic())
