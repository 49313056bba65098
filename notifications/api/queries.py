"""What may be asked of the list: filters, pages, and how many."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from notifications.api.serializers import PAGE, Strict
from notifications.filters import Filter
from notifications.inbox import LIMIT, Inbox, InvalidCursor, Page
from notifications.scheduled import Schedule
from notifications.vocabulary import Level, known_category

WORDS: Final = 10
"""Words of a search."""


class FilterFields(serializers.Serializer[Any]):
    """The filters, which go together: a notification has to meet all of them."""

    level = serializers.ListField(
        child=serializers.ChoiceField(Level.choices), required=False, max_length=4, help_text="Of one of these levels."
    )
    category = serializers.ListField(
        child=serializers.CharField(max_length=32, validators=[known_category]),
        required=False,
        max_length=20,
        help_text="Of one of these categories.",
    )
    related_entity = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        max_length=20,
        help_text="Only what is about this; given several times, about one of these. What is sensitive is never found.",
    )
    read = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only what you have read, or only what you have not."
    )
    archived = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Only what you archived, or only what you did not. Without this, `snoozed` and `saved`: the inbox, "
        "which is what is neither archived nor snoozed.",
    )
    snoozed = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only what you snoozed, or only what you did not."
    )
    saved = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Only what you saved, or only what you did not, wherever it is.",
    )
    created_after = serializers.DateTimeField(required=False, help_text="Created at this time or later.")
    created_before = serializers.DateTimeField(required=False, help_text="Created before this time.")
    q = serializers.CharField(
        required=False,
        max_length=200,
        help_text=f"Up to {WORDS} words, each of which is in the title, the message or `related_entity`. What "
        "sensitive ones say is never searched.",
    )

    def validate_q(self, value: str) -> list[str]:
        """Return the words. Raises: ValidationError, where they are too many."""
        words = value.split()
        if len(words) > WORDS:
            raise serializers.ValidationError(f"At most {WORDS} words can be looked for.", "max_length")
        return words


class ListQuery(FilterFields):
    """The query of GET /notifications."""

    limit = serializers.IntegerField(
        default=PAGE,
        min_value=1,
        max_value=LIMIT,
        help_text="How many at most.",
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value", "max_string_length"), f"It must be a whole number from 1 to {LIMIT}."
        ),
    )
    unread_only = serializers.BooleanField(default=False, help_text="Leave out what is read.")
    scheduled = serializers.BooleanField(
        default=False,
        help_text="Instead, what is still to be delivered, the next first: what you created, and what your audiences "
        "will get. Needs the permission `notifications.add_notification`; takes no filter of what you did with it.",
    )
    cursor = serializers.CharField(required=False, help_text="`next` or `previous` of another page.")


class FilterBody(FilterFields, Strict):
    """The same filters in a body, where an unknown one is an error."""


UNREADABLE: Final = OpenApiResponse(description="The query is invalid; `errors` names each part and rule.")


def filter_of(values: dict[str, Any]) -> Filter:
    """Return the filter that validated *values* of `FilterFields` ask for."""
    return Filter(
        levels=values.get("level", ()),
        categories=values.get("category", ()),
        entities=values.get("related_entity", ()),
        read=False if values.get("unread_only") else values.get("read"),
        since=values.get("created_after"),
        until=values.get("created_before"),
        words=values.get("q", ()),
        archived=values.get("archived"),
        snoozed=values.get("snoozed"),
        saved=values.get("saved"),
    )


def asked(params: Any) -> dict[str, Any]:
    """Return what a request's query asks of the list. Raises: ValidationError."""
    query = ListQuery(data=params)
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def page_of(inbox: Inbox | Schedule, values: dict[str, Any]) -> Page:
    """Return the page that a validated query asks for. Raises: ValidationError."""
    try:
        return inbox.page(values["limit"], cursor=values.get("cursor"), wanted=filter_of(values))
    except InvalidCursor as error:
        text = "It is no cursor; use `next` or `previous` of another page as it is."
        raise ValidationError({"cursor": [ErrorDetail(text, "invalid")]}) from error
