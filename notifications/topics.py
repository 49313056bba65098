"""The topic that notifications travel on."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from notifications import actions, idempotency
from notifications.models import Opening
from notifications.publications import STREAM
from notifications.states import state_of, states
from notifications.unread import unread_counts
from realtime.history import Published
from realtime.snapshots import Start
from realtime.topics import Topic, register

PRUNE_EVERY: Final = 600.0
"""Seconds between looks for what is old enough to prune."""


class NotificationTopic(Topic):
    """Every notification of the audiences that a user is in."""

    name: ClassVar[str] = STREAM
    initial: ClassVar[bool] = True

    def __init__(self) -> None:
        self._prune_at = 0.0

    def snapshot(self, user: AbstractBaseUser, key: str) -> dict[str, Any]:
        """Return the newest notifications as *user* sees them, the counts, and where REST goes on."""
        return state_of(user, _size())

    def snapshots_at(self, start: Start, users: Sequence[AbstractBaseUser], key: str) -> Mapping[Any, dict[str, Any]]:
        """Return the same for each of *users*, made of what is kept of each audience."""
        return states(users, _size(), start)

    def summaries(self, user_ids: Collection[int]) -> Mapping[int, dict[str, Any]]:
        """Return each user's unread count."""
        counts = unread_counts(user_ids)
        return {pk: {"type": "unread_count", "unread_count": count} for pk, count in counts.items()}

    def numbered(self, publications: Sequence[Published]) -> None:
        """Note at which offset each notification was opened, and forget those that were deleted."""
        openings: dict[UUID, Opening | None] = {}
        for item in publications:
            if item.version is None:  # One user's mark.
                continue
            pk, message = UUID(item.key), json.loads(item.body)
            if message["action"] == "deleted":
                openings[pk] = None
            elif message["data"].get("read") is False:
                openings[pk] = Opening(pk, item.audience, item.version, item.offset)
        if gone := [pk for pk, opening in openings.items() if opening is None]:
            Opening.objects.filter(pk__in=gone).delete()
        Opening.objects.bulk_create(
            [opening for opening in openings.values() if opening is not None],
            update_conflicts=True,
            unique_fields=["notification_id"],
            update_fields=["audience", "version", "offset"],
        )

    def upkeep(self) -> None:
        """Expire, deliver and wake what is due; every ten minutes prune what is old, a batch at each call.

        Expiry first: what was to be delivered while no server ran, and has expired since, nobody is told of.
        """
        for work in (actions.expire, actions.deliver, actions.wake):
            actions.all_due(work)
        if time.monotonic() >= self._prune_at and not actions.prune() + idempotency.prune():
            self._prune_at = time.monotonic() + PRUNE_EVERY


def _size() -> int:
    return getattr(settings, "NOTIFICATION_SNAPSHOT_SIZE", 100)


register(NotificationTopic())
