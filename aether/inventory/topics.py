"""The topic that inventory changes travel on."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.utils import timezone

from aether.inventory import actions
from aether.inventory.publications import STREAM
from realtime.topics import Topic, register


class InventoryTopic(Topic):
    """Clusters, hosts and VMs."""

    name: ClassVar[str] = STREAM
    keyed: ClassVar[bool] = True

    def __init__(self) -> None:
        self._listening_since: datetime | None = None

    def upkeep(self) -> None:
        """Disconnect the hosts that have been silent for INVENTORY_HOST_TIMEOUT seconds.

        While nothing ran here nobody could be heard, so that no silence counts from before the first call.
        """
        now, silence = timezone.now(), timedelta(seconds=settings.INVENTORY_HOST_TIMEOUT)
        self._listening_since = self._listening_since or now
        if silence and now - self._listening_since >= silence:
            actions.lose_silent(now, silence)


register(InventoryTopic())
