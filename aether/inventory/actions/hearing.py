"""Notice which hosts are not heard of any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from aether.inventory.models import Host
from realtime import bulk

BATCH: Final = 500
"""Hosts that are looked at in one transaction."""


def lose_silent(now: datetime, silence: timedelta) -> Sequence[Host]:
    """Disconnect up to 500 hosts that were not heard of for longer than *silence*; return them.

    Their VMs stay as they were last reported: a host that cannot be reached says nothing about them, and most often
    they go on running. That the host is disconnected says that nobody knows better.
    """
    with transaction.atomic():
        silent = Q(last_seen__lt=now - silence) | Q(last_seen=None, updated_at__lt=now - silence)
        hosts = Host.objects.select_for_update(no_key=True).filter(silent, connected=True)
        lost = list(hosts.order_by("hostname")[:BATCH])
        for row in lost:
            row.connected, row.state_changed_at, row.updated_at = False, now, now
            row.error = f"Not heard of for {silence.total_seconds():g} seconds."
        bulk.save(lost, ["connected", "error", "state_changed_at", "updated_at"])
    return lost
