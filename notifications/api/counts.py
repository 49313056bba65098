"""How many notifications there are of each kind."""

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.api import examples
from notifications.api.conditional import READING, UNCHANGED, conditional
from notifications.api.queries import UNREADABLE, FilterFields, filter_of
from notifications.api.views import TAGS, NotificationView
from notifications.filters import Filter
from notifications.inbox import Inbox
from notifications.vocabulary import Level, categories

Kinds = Mapping[tuple[str, str], int]


class CountSerializer(serializers.Serializer[Any]):
    """How many of one kind."""

    total = serializers.IntegerField()
    unread = serializers.IntegerField()


class TabsSerializer(serializers.Serializer[Any]):
    """How many there are in each place."""

    inbox = serializers.IntegerField(help_text="Neither archived nor snoozed.")
    unread = serializers.IntegerField(help_text="Of the inbox.")
    saved = serializers.IntegerField(help_text="Wherever they are.")
    snoozed = serializers.IntegerField()
    archived = serializers.IntegerField()


class CountsSerializer(CountSerializer):
    """How many there are, and of each level and category."""

    tabs = TabsSerializer(help_text="Of all, whatever the filters ask for.")

    by_level = serializers.DictField(child=CountSerializer())
    by_category = serializers.DictField(child=CountSerializer())


class Counts(NotificationView):
    """The counts of a user's notifications."""

    @extend_schema(
        tags=TAGS,
        summary="Count notifications by level and category",
        description="Of what the filters ask for; without any, of the inbox. Every level and category is there, also "
        "with 0. `tabs` counts each place, whatever the filters are.",
        operation_id="notifications_counts",
        parameters=[FilterFields, *READING],
        responses={200: CountsSerializer, 304: UNCHANGED, 400: UNREADABLE},
        examples=[examples.COUNTS],
    )
    def get(self, request: Request) -> Response:
        """Return them."""
        query = FilterFields(data=request.query_params)
        query.is_valid(raise_exception=True)
        return conditional(request, counts_of(Inbox(self.user), filter_of(query.validated_data)))


def counts_of(inbox: Inbox, wanted: Filter) -> dict[str, Any]:
    """Return the counts of what *wanted* asks for in *inbox*, and of each place."""
    every = inbox.counts(wanted)
    unread = {} if wanted.read else every if wanted.read is False else inbox.counts(wanted.unread())
    known = [name for name, _ in categories()]
    return {
        **_of(every, unread),
        "tabs": inbox.tabs(),
        "by_level": {name: _of(every, unread, level=name) for name in Level.values},
        "by_category": {name: _of(every, unread, category=name) for name in _with(known, every)},
    }


def _of(every: Kinds, unread: Kinds, *, level: str = "", category: str = "") -> dict[str, int]:
    def count(found: Kinds) -> int:
        return sum(number for kind, number in found.items() if level in ("", kind[0]) and category in ("", kind[1]))

    return {"total": count(every), "unread": count(unread)}


def _with(known: Iterable[str], every: Kinds) -> list[str]:
    """Return the *known* categories and those that are no more declared but still in use."""
    return [*dict.fromkeys([*known, *sorted(category for _, category in every)])]
