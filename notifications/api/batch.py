"""What one user does with many notifications, named by their ids or by a filter."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import actions
from notifications.api import examples
from notifications.api.queries import FilterBody, filter_of
from notifications.api.serializers import Errors, MarkedSerializer, Strict
from notifications.api.views import INVALID, TAGS, NotificationView
from notifications.inbox import Inbox

IDS: Final = 1_000
"""Notifications that one request may name."""
BY_ID_OR_FILTER: Final = (
    "Of `ids`, or of all that `filter` asks for; an empty filter asks for all. What the user does not see is in "
    "`missing`, and nothing is said of whether it exists. They are changed 500 at a time."
)


class BatchSerializer(Strict):
    """The body of POST /notifications/batch/…: one of the two."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_empty=False, max_length=IDS, help_text=f"At most {IDS:,}."
    )
    filter = FilterBody(required=False)

    def refused(self, data: Mapping[str, Any]) -> Errors:
        """Add that it must be one of the two."""
        found = super().refused(data)
        if ("ids" in data) == ("filter" in data):
            said = serializers.ErrorDetail("Name `ids` or a `filter`, one of the two.", "one_of")
            found["non_field_errors"] = [said]
        return found


class BatchDoneSerializer(MarkedSerializer):
    """What was done with how many."""

    count = serializers.IntegerField(help_text="How many it changed.")
    missing = serializers.ListField(child=serializers.UUIDField(), help_text="Those of `ids` that are not there.")


class IdsSerializer(Strict):
    """The body of POST /notifications/batch/restore."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=IDS, help_text=f"At most {IDS:,}."
    )


class Batch(NotificationView):
    """What they have in common."""

    def done(
        self, work: Callable[[User, list[uuid.UUID]], actions.Done], said: str, kind: type[Strict] = BatchSerializer
    ) -> Response:
        """Do *work*, and answer with how many it changed; *said* is the sentence for it."""
        body = self.body(kind)
        pks = body["ids"] if "ids" in body else Inbox(self.user).ids(filter_of(body["filter"]))
        done = work(self.user, pks)
        return Response(
            {
                "message": said.format(done.count),
                "count": done.count,
                "missing": [str(pk) for pk in done.missing] if "ids" in body else [],
                "unread_count": Inbox(self.user).unread_count(),
            }
        )


class BatchRead(Batch):
    """Many as read."""

    @extend_schema(
        tags=TAGS, summary="Mark many as read", description=BY_ID_OR_FILTER, operation_id="notifications_batch_read",
        request=BatchSerializer, responses={200: BatchDoneSerializer, 400: INVALID},
        examples=[examples.BY_IDS, examples.BY_FILTER, examples.BATCH],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Mark them."""
        return self.done(actions.mark_many_read, "Marked {} notifications as read")


class BatchUnread(Batch):
    """Many as unread."""

    @extend_schema(
        tags=TAGS, summary="Mark many as unread", description=BY_ID_OR_FILTER,
        operation_id="notifications_batch_unread",
        request=BatchSerializer, responses={200: BatchDoneSerializer, 400: INVALID},
        examples=[examples.BY_IDS, examples.BY_FILTER, examples.BATCH],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Mark them."""
        return self.done(actions.mark_many_unread, "Marked {} notifications as unread")


class BatchDelete(Batch):
    """Many away."""

    @extend_schema(
        tags=TAGS, summary="Delete many",
        description="With the permission `notifications.delete_notification` for everyone, else for this user alone. "
        + BY_ID_OR_FILTER,
        operation_id="notifications_batch_delete",
        request=BatchSerializer, responses={200: BatchDoneSerializer, 400: INVALID},
        examples=[examples.BY_IDS, examples.BY_FILTER, examples.BATCH],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Delete or dismiss them."""
        return self.done(actions.delete_many, "Deleted {} notifications")


class BatchArchive(Batch):
    """Many into the archive."""

    @extend_schema(
        tags=TAGS, summary="Archive many", description=f"Each until it is opened again. {BY_ID_OR_FILTER}",
        operation_id="notifications_batch_archive",
        request=BatchSerializer, responses={200: BatchDoneSerializer, 400: INVALID},
        examples=[examples.BY_IDS, examples.BY_FILTER, examples.BATCH_ARCHIVED],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Archive them."""
        return self.done(actions.archive_many, "Archived {} notifications")


class BatchUnarchive(Batch):
    """Many out of the archive."""

    @extend_schema(
        tags=TAGS, summary="Move many back to the inbox", operation_id="notifications_batch_unarchive",
        description=f"A filter has to say `archived`, else it asks for the inbox. {BY_ID_OR_FILTER}",
        request=BatchSerializer, responses={200: BatchDoneSerializer, 400: INVALID},
        examples=[examples.BY_IDS, examples.OF_ARCHIVE, examples.BATCH_UNARCHIVED],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Move them."""
        return self.done(actions.unarchive_many, "Moved {} notifications back to the inbox")


class BatchRestore(Batch):
    """Many back from being deleted."""

    @extend_schema(
        tags=TAGS, summary="Restore many deleted notifications", operation_id="notifications_batch_restore",
        description="What this user dismissed comes back as it was; what was deleted for everyone as unread, which "
        "needs the permission `notifications.delete_notification`. What cannot be restored is in `missing`.",
        request=IdsSerializer, responses={200: BatchDoneSerializer, 400: INVALID},
        examples=[examples.BY_IDS, examples.BATCH_RESTORED],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Restore them."""
        return self.done(actions.restore_many, "Restored {} notifications", IdsSerializer)
