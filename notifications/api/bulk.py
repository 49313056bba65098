"""Many notifications in one request."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import actions
from notifications.actions.writing import MANY
from notifications.api import examples, once
from notifications.api.serializers import CreateSerializer, NotificationSerializer, Strict, refusing
from notifications.api.views import INVALID, TAGS, NotificationView
from notifications.inbox import Inbox
from notifications.scheduled import ADD
from realtime.api.parsing import LargeJSONParser


class Named(serializers.SlugRelatedField[Any]):
    """A user or user group by name, which is looked up once for a whole request."""

    def to_internal_value(self, data: Any) -> Any:
        """Return what has the name. Raises: ValidationError."""
        if not isinstance(data, str):
            return super().to_internal_value(data)
        found = cast("dict[str, Any]", self.context).setdefault("named", {})
        place = self.slug_field, data
        if place not in found:
            found[place] = super().to_internal_value(data)
        return found[place]


class EntrySerializer(CreateSerializer):
    """One of many. It has no `dedup_key`: such a one may change another, and is sent by itself."""

    dedup_key = None  # type: ignore[assignment]
    user = Named(
        slug_field=CreateSerializer().fields["user"].slug_field,  # type: ignore[attr-defined]
        queryset=CreateSerializer().fields["user"].queryset,  # type: ignore[attr-defined]
        required=False,
        allow_null=True,
        help_text="The name of the only user who gets it.",
    )
    group = Named(
        slug_field="name",
        queryset=CreateSerializer().fields["group"].queryset,  # type: ignore[attr-defined]
        required=False,
        allow_null=True,
        help_text="The name of the only user group that gets it.",
    )


class BulkSerializer(Strict):
    """The body of POST /notifications/bulk."""

    notifications = EntrySerializer(
        many=True,
        allow_empty=False,
        max_length=MANY,  # type: ignore[call-arg]  # Of the list, which the stubs do not know.
        help_text=f"At most {MANY:,}.",
    )


class CreatedSerializer(serializers.Serializer[Any]):
    """What was created, in the order of the request."""

    notifications = NotificationSerializer(many=True)


class BulkParser(LargeJSONParser):
    """Takes a thousand notifications of a usual length."""

    limit: ClassVar[int] = 8_000_000


class Bulk(NotificationView):
    """The creation of many."""

    parser_classes = (BulkParser,)

    @extend_schema(
        tags=TAGS,
        summary="Create up to 1,000 notifications",
        description="All of them or none: `errors` names each entry that is wrong, and its field, such as "
        "`notifications.3.title`. Needs the permission `notifications.add_notification`. The body may have 8 MB.",
        operation_id="notifications_bulk_create",
        request=BulkSerializer,
        parameters=once.PARAMETERS,
        responses={201: CreatedSerializer, 400: INVALID, **once.RESPONSES},
        examples=[examples.MANY, examples.CREATED],
    )
    def post(self, request: Request) -> Response:
        """Create them and return them."""
        self.require(ADD)
        return once.idempotent(request, self._create)

    def _create(self) -> Response:
        entries = self.body(BulkSerializer)["notifications"]
        wanted = [cast("actions.New", {**entry, "created_by": self.user}) for entry in entries]
        rows = _naming(lambda: actions.create_many(wanted))
        return Response({"notifications": Inbox(self.user).view(rows)}, status=201)


def _naming(work: Any) -> Any:
    """Return what *work* returns; what is refused there is named as it is in the body. Raises: ValidationError."""
    try:
        return refusing(work)
    except ValidationError as error:
        named: Any = error.detail
        raise ValidationError({f"notifications.{field}": said for field, said in named.items()}) from error
