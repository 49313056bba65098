"""Where a user keeps one notification: archived, saved, snoozed."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import actions
from notifications.api import examples, serializers
from notifications.api.serializers import refusing
from notifications.api.views import INVALID, MISSING, TAGS, NotificationView
from notifications.inbox import Inbox


class Place(NotificationView):
    """What they have in common."""

    def placed(self, item: Any, message: str) -> Response:
        """Answer with *item* as it is now, and how many are unread."""
        unread = Inbox(self.user).unread_count()
        return Response({"message": message, "unread_count": unread, "notification": item})


class NotificationArchived(Place):
    """Whether one notification is archived."""

    @extend_schema(
        tags=TAGS, summary="Archive a notification", operation_id="notifications_archive",
        description="It leaves the inbox until it is opened again; whether it is read stays as it is.",
        request=serializers.SeenSerializer,
        responses={200: serializers.PlacedSerializer, 400: INVALID, 404: MISSING},
        examples=[examples.placed("Notification archived", archived=True)],
    )  # fmt: skip
    def put(self, request: Request, notification_id: str) -> Response:
        """Archive it for the user who asks."""
        pk = self.pk()
        item = actions.archive(self.user, pk, **self.body(serializers.SeenSerializer))
        return self.placed(item, "Notification archived")

    @extend_schema(
        tags=TAGS, summary="Move a notification back to the inbox", operation_id="notifications_unarchive",
        responses={200: serializers.PlacedSerializer, 404: MISSING},
        examples=[examples.placed("Notification moved back to the inbox")],
    )  # fmt: skip
    def delete(self, request: Request, notification_id: str) -> Response:
        """Move it for the user who asks."""
        return self.placed(actions.unarchive(self.user, self.pk()), "Notification moved back to the inbox")


class NotificationSaved(Place):
    """Whether one notification is saved."""

    @extend_schema(
        tags=TAGS, summary="Save a notification", operation_id="notifications_save",
        description="It stays saved, wherever it is kept, until it is unsaved or deleted.",
        request=None, responses={200: serializers.PlacedSerializer, 404: MISSING},
        examples=[examples.placed("Notification saved", saved=True)],
    )  # fmt: skip
    def put(self, request: Request, notification_id: str) -> Response:
        """Save it for the user who asks."""
        return self.placed(actions.save(self.user, self.pk()), "Notification saved")

    @extend_schema(
        tags=TAGS, summary="Save a notification no longer", operation_id="notifications_unsave",
        responses={200: serializers.PlacedSerializer, 404: MISSING},
        examples=[examples.placed("Notification no longer saved")],
    )  # fmt: skip
    def delete(self, request: Request, notification_id: str) -> Response:
        """Save it no longer."""
        return self.placed(actions.unsave(self.user, self.pk()), "Notification no longer saved")


class NotificationSnoozed(Place):
    """Until when one notification is out of the way."""

    @extend_schema(
        tags=TAGS, summary="Snooze a notification", operation_id="notifications_snooze",
        description="It leaves the inbox and comes back as unread at the time `until`. Again, with another time, it "
        "is put off to that.",
        request=serializers.UntilSerializer,
        responses={200: serializers.PlacedSerializer, 400: INVALID, 404: MISSING},
        examples=[examples.UNTIL, examples.placed("Notification snoozed", snoozed_until="2026-11-25T12:00:00.000000Z")],
    )  # fmt: skip
    def put(self, request: Request, notification_id: str) -> Response:
        """Snooze it for the user who asks."""
        pk = self.pk()
        Inbox(self.user).find(pk)  # Before the body, which says nothing about what is not there.
        until = self.body(serializers.UntilSerializer)["until"]
        return self.placed(refusing(lambda: actions.snooze(self.user, pk, until)), "Notification snoozed")

    @extend_schema(
        tags=TAGS, summary="Bring a snoozed notification back", operation_id="notifications_unsnooze",
        description="It is where it was before, as read as it was.",
        responses={200: serializers.PlacedSerializer, 404: MISSING},
        examples=[examples.placed("Notification no longer snoozed")],
    )  # fmt: skip
    def delete(self, request: Request, notification_id: str) -> Response:
        """Bring it back as it was."""
        return self.placed(actions.unsnooze(self.user, self.pk()), "Notification no longer snoozed")
