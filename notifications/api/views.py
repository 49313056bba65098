"""The REST API of notifications: each view reads from the inbox or calls one action."""

import uuid
from collections.abc import Mapping
from typing import Any, Final, cast

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound, ParseError, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from notifications import actions
from notifications.api import examples, once, serializers
from notifications.api.conditional import (
    OUTDATED,
    READING,
    UNCHANGED,
    WRITING,
    PreconditionFailed,
    conditional,
    versions_of,
)
from notifications.api.once import idempotent
from notifications.api.queries import ListQuery, asked, page_of
from notifications.api.serializers import refusing
from notifications.inbox import Inbox, created
from notifications.models import Notification
from notifications.scheduled import ADD, Schedule

CHANGE = "notifications.change_notification"
TAGS = ["notifications"]
UNTOLD: Final = {"message": "", "level": "info", "category": "system", "related_entity": None, "expires_at": None}
"""What a writer who may not see a notification is shown of what they did not say."""
MISSING = OpenApiResponse(serializers.ProblemSerializer, "There is none, or it is not for this user.")
INVALID = OpenApiResponse(serializers.ProblemSerializer, "The input is invalid; `errors` names each field and rule.")


class NotificationView(APIView):
    """What the views have in common: who asks, and 404 for what they may not see."""

    @property
    def user(self) -> User:
        """The user who asks; the permission classes have made sure that there is one."""
        return cast("User", self.request.user)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer what the actions did not find as the API always has."""
        if isinstance(exc, Notification.DoesNotExist):
            exc = NotFound(f"Notification {self.kwargs.get('notification_id')} not found")
        elif isinstance(exc, actions.Outdated):
            exc = PreconditionFailed()
        return super().handle_exception(exc)

    def require(self, *permissions: str) -> None:
        """Refuse a user who lacks one of *permissions*. Raises: PermissionDenied, which names it."""
        for permission in permissions:
            if not self.user.has_perm(permission):
                raise PermissionDenied(f"This needs the permission {permission}.")

    def pk(self) -> uuid.UUID:
        """Return the id of the URL. Raises: Notification.DoesNotExist, where it is none."""
        try:
            return uuid.UUID(self.kwargs["notification_id"])
        except ValueError as error:
            raise Notification.DoesNotExist from error

    def seen(self, pk: uuid.UUID) -> Notification:
        """Return what the user sees under *pk*, be it delivered or scheduled. Raises: Notification.DoesNotExist."""
        found = Inbox(self.user).visible().filter(pk=pk).first()
        return found or Schedule(self.user).find(pk)

    def body(self, kind: type[serializers.Strict], **options: Any) -> dict[str, Any]:
        """Return the request's validated body. Raises: ParseError; ValidationError."""
        try:
            serializer = kind(data=self.request.data, **options)
        except RecursionError as error:  # Python's parser recurses, and DRF minds only its other errors.
            raise ParseError("it is nested too deeply.") from error
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class NotificationList(NotificationView):
    """All notifications of the user who asks."""

    @extend_schema(
        tags=TAGS,
        summary="List notifications, newest first",
        operation_id="notifications_list",
        parameters=[ListQuery, *READING],
        responses={200: serializers.PageSerializer, 304: UNCHANGED, 400: INVALID},
        examples=[examples.PAGE],
    )
    def get(self, request: Request) -> Response:
        """Return a page. The counts are over the whole inbox, whatever the query."""
        inbox, query = Inbox(self.user), asked(request.query_params)
        if query["scheduled"]:
            self.require(ADD)
        page = page_of(Schedule(self.user) if query["scheduled"] else inbox, query)
        counts = {"total_count": inbox.total_count(), "unread_count": inbox.unread_count()}
        whole = {"notifications": page.items, **counts, "next": page.next, "previous": page.previous}
        return conditional(request, whole)

    @extend_schema(
        tags=TAGS,
        summary="Create a notification",
        description="Needs the permission `notifications.add_notification`; with a dedup_key also "
        "`notifications.change_notification`, since it may change a notification.",
        request=serializers.CreateSerializer,
        parameters=once.PARAMETERS,
        responses={
            201: serializers.NotificationSerializer,
            200: serializers.NotificationSerializer,
            400: INVALID,
            **once.RESPONSES,
        },
        examples=[examples.CREATE, examples.LATER, examples.NOTIFICATION],
    )
    def post(self, request: Request) -> Response:
        """Create one, or change the live one with the same audience and dedup_key."""
        self.require(ADD)
        return idempotent(request, self._create)

    def _create(self) -> Response:
        contents = {**self.body(serializers.CreateSerializer), "created_by": self.user}
        if contents.get("dedup_key") is None:
            return Response(created(refusing(lambda: actions.create(**contents))), status=201)
        self.require(CHANGE)
        row = refusing(lambda: actions.upsert(**contents))
        shown = self._shown(row)
        if row.audience not in Inbox(self.user).audiences:
            shown |= _only_given(shown, contents)
        return Response(shown, status=201 if row.version == 1 else 200)

    def _shown(self, row: Notification) -> dict[str, Any]:
        """Return *row* as its writer sees it, who need not be in its audience."""
        return dict(Inbox(self.user).view([row])[0])


def _only_given(shown: Mapping[str, Any], contents: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a writer who is not in the audience may see: what they said, and nothing that was there before."""
    kept = {name: shown[name] if name in contents else untold for name, untold in UNTOLD.items()}
    return {**kept, "metadata": {} if shown["sensitive"] else contents.get("metadata", {})}


class NotificationDetail(NotificationView):
    """One notification."""

    @extend_schema(
        tags=TAGS,
        summary="Show a notification",
        description="What a sensitive one says is shown here alone; no cache may store the answer.",
        parameters=READING,
        responses={200: serializers.DetailSerializer, 304: UNCHANGED, 404: MISSING},
        examples=[examples.DETAIL],
    )
    def get(self, request: Request, notification_id: str) -> Response:
        """Return it, with what it says."""
        item = Inbox(self.user).disclose(self.pk(), also=Schedule(self.user).visible())
        return conditional(request, item, item["version"], cache="no-store")

    @extend_schema(
        tags=TAGS,
        summary="Change a notification",
        description="Needs the permission `notifications.change_notification`. Its whole audience sees it as unread "
        "again, unless `reopen` is false. Metadata is replaced as a whole. `deliver_at` moves what is still scheduled; "
        "null delivers it now.",
        request=serializers.EditSerializer,
        parameters=WRITING,
        responses={200: serializers.NotificationSerializer, 400: INVALID, 404: MISSING, 412: OUTDATED},
        examples=[examples.EDIT, examples.NOTIFICATION],
    )
    def patch(self, request: Request, notification_id: str) -> Response:
        """Change it and return it."""
        self.require(CHANGE)
        pk, changes = self.pk(), self.body(serializers.EditSerializer)
        self.seen(pk)
        reopen = changes.pop("reopen")
        row = refusing(lambda: actions.update(pk, reopen=reopen, versions=versions_of(request), **changes))
        return Response(Inbox(self.user).view([row])[0])

    @extend_schema(
        tags=TAGS,
        summary="Delete a notification",
        description="With the permission `notifications.delete_notification` for everyone, else for this user alone. "
        "What is scheduled is cancelled, by whoever may see it.",
        parameters=WRITING,
        responses={200: serializers.DoneSerializer, 404: MISSING, 412: OUTDATED},
        examples=[examples.DELETED],
    )
    def delete(self, request: Request, notification_id: str) -> Response:
        """Delete or dismiss it."""
        row, versions = self.seen(self.pk()), versions_of(request)
        if row.deliver_at is not None:
            actions.cancel(row.pk, versions=versions)
            return Response({"message": "Notification cancelled"})
        actions.delete(self.user, row.pk, versions=versions)
        return Response({"message": "Notification deleted"})


class NotificationRead(NotificationView):
    """Whether one notification is read."""

    @extend_schema(
        tags=TAGS,
        summary="Mark a notification as read",
        request=serializers.SeenSerializer,
        responses={200: serializers.MarkedSerializer, 400: INVALID, 404: MISSING},
        examples=[examples.READ],
    )
    def put(self, request: Request, notification_id: str) -> Response:
        """Mark it as read for the user who asks."""
        pk = self.pk()
        actions.mark_read(self.user, pk, **self.body(serializers.SeenSerializer))
        return self._marked("Notification marked as read")

    @extend_schema(
        tags=TAGS,
        summary="Mark a notification as unread",
        responses={200: serializers.MarkedSerializer, 404: MISSING},
        examples=[examples.UNREAD],
    )
    def delete(self, request: Request, notification_id: str) -> Response:
        """Mark it as unread for the user who asks."""
        actions.mark_unread(self.user, self.pk())
        return self._marked("Notification marked as unread")

    def _marked(self, message: str) -> Response:
        return Response({"message": message, "unread_count": Inbox(self.user).unread_count()})


class NotificationRestore(NotificationView):
    """The undoing of a deletion."""

    @extend_schema(
        tags=TAGS,
        summary="Restore a deleted notification",
        description="One that this user dismissed comes back as it was. One that was deleted for everyone comes back "
        "as unread, which needs the permission `notifications.delete_notification`.",
        request=None,
        responses={200: serializers.NotificationSerializer, 404: MISSING},
        examples=[examples.NOTIFICATION],
    )
    def post(self, request: Request, notification_id: str) -> Response:
        """Restore it and return it."""
        return Response(actions.restore(self.user, self.pk()))


class MarkAllRead(NotificationView):
    """The user's read mark."""

    @extend_schema(
        tags=TAGS,
        summary="Mark all notifications as read",
        description="Up to the offset `up_to`, so that what arrived meanwhile stays unread; without it, up to now.",
        request=serializers.ThroughSerializer,
        responses={200: serializers.AllReadSerializer, 400: INVALID},
        examples=[examples.ALL_READ],
    )
    def put(self, request: Request) -> Response:
        """Move the mark."""
        up_to = self.body(serializers.ThroughSerializer).get("up_to")
        done = refusing(lambda: actions.mark_all_read(self.user, up_to=up_to))
        message = f"Marked {done.count} notifications as read"
        return Response({"message": message, "unread_count": done.unread_count, "up_to": done.up_to})


class UnreadCount(NotificationView):
    """The unread count."""

    @extend_schema(
        tags=TAGS,
        summary="Count the unread notifications",
        operation_id="notifications_unread_count",
        responses={200: serializers.UnreadSerializer},
        examples=[examples.COUNT],
    )
    def get(self, request: Request) -> Response:
        """Return it."""
        return Response({"unread_count": Inbox(self.user).unread_count()})
