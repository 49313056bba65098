"""What is scheduled: for those who may create notifications, and nobody else, before it is delivered."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import AbstractUser
from django.db.models import Q, QuerySet

from notifications.filters import Filter
from notifications.inbox import Inbox, Page, cursor_at, place_of
from notifications.models import SCHEDULED, Notification

ADD: Final = "notifications.add_notification"


class Schedule:
    """What one user may see of what is scheduled: what they wrote themselves, and what their own audiences will get.

    Without the permission to create notifications that is nothing.
    """

    def __init__(self, user: AbstractUser) -> None:
        self._user = user
        self._inbox = Inbox(user)

    def visible(self) -> QuerySet[Notification]:
        """Return what is neither deleted nor delivered."""
        rows: QuerySet[Notification] = Notification.objects.filter(**SCHEDULED)
        if not self._user.has_perm(ADD):
            return rows.none()
        return rows.filter(Q(created_by=self._user.pk) | Q(audience__in=self._inbox.audiences))

    def find(self, pk: uuid.UUID) -> Notification:
        """Return one of them. Raises: Notification.DoesNotExist."""
        return self.visible().get(pk=pk)

    def page(self, limit: int, *, cursor: str | None, wanted: Filter) -> Page:
        """Return at most *limit*, the next to be delivered first, from *cursor* on. Raises: InvalidCursor."""
        rows = self.visible().filter(wanted.contents()).order_by("deliver_at", "id")
        if cursor is not None:
            after = place_of(self._user, cursor)
            later = Q(deliver_at__gt=after.moment) | Q(deliver_at=after.moment, pk__gt=after.pk)
            rows = rows.filter(later)
        found = list(rows[: limit + 1])
        shown = found[:limit]
        last = shown[-1] if len(found) > limit else None
        onward = cursor_at(self._user, last.deliver_at, last.pk) if last is not None and last.deliver_at else None
        return Page(self._inbox.view(shown), onward)

    def item(self, row: Notification) -> Mapping[str, Any]:
        """Return *row* as the API shows it."""
        return self._inbox.view([row])[0]
