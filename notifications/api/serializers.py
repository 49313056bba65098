"""What REST takes, and what it answers with. The fields' rules are the model's; here they are named to the client."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as ModelError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import timezone
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from notifications import buttons, validators
from notifications.api.offering import Buttons
from notifications.models import GROUP_KEY_LENGTH, MESSAGE_LENGTH, TITLE_LENGTH
from notifications.vocabulary import Category, Level, known_category

PAGE: Final = 100
"""Notifications on a page, where the client does not say."""
PROHIBITED: Final = (ProhibitNullCharactersValidator, ProhibitSurrogateCharactersValidator)
"""What DRF adds to each field of text; ours says the same of all text, that in metadata included."""

Errors = dict[str, list[serializers.ErrorDetail]]
"""Field → what is wrong with it."""


def _error(text: str, rule: str | None) -> list[serializers.ErrorDetail]:
    return [serializers.ErrorDetail(text, rule)]


class Text(serializers.CharField):
    """Text that is stored as it came."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)
        own = [validator for validator in self.validators if not isinstance(validator, PROHIBITED)]
        self.validators = [*own, validators.storable]


class Ahead(serializers.DateTimeField):
    """A time of the next year, which says its zone."""

    def enforce_timezone(self, value: Any) -> Any:
        """Refuse a time without a zone, which others would take for UTC, and one that is not ahead."""
        try:
            validators.ahead(value)
        except ModelError as error:
            raise serializers.ValidationError(error.messages[0], str(error.code)) from error
        return super().enforce_timezone(value)


class Strict(serializers.Serializer[Any]):
    """A body that may only have the fields which are declared. Its errors are told all together."""

    def refused(self, data: Mapping[str, Any]) -> Errors:
        """Return what of *data* is wrong whatever the fields' own rules say: here, what is unknown."""
        allowed = ", ".join(name for name, field in self.fields.items() if not field.read_only)
        text = f"There is no such field; there are {allowed}." if allowed else "No field is expected here."
        return {name: _error(text, "unknown") for name in sorted(set(data) - set(self.fields))}

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated fields. Raises: ValidationError, which names all that is wrong."""
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        refused = self.refused(data)
        try:
            values = super().to_internal_value({name: data[name] for name in data if name not in refused})
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**cast("Errors", error.detail), **refused}) from error
        if refused:
            raise serializers.ValidationError(refused)
        return values


class Contents(Strict):
    """What POST and PATCH have in common."""

    title = Text(max_length=TITLE_LENGTH, validators=[validators.not_blank])
    message = Text(max_length=MESSAGE_LENGTH, required=False, allow_blank=True)
    level = serializers.ChoiceField(Level.choices, required=False, help_text=f"Default: {Level.INFO.value}.")
    category = serializers.CharField(
        required=False, validators=[known_category], help_text=f"Default: {Category.SYSTEM.value}."
    )
    related_entity = Text(max_length=200, required=False, allow_null=True)
    metadata = serializers.DictField(required=False, validators=[validators.metadata], help_text="At most 16 KB.")
    group_key = Text(
        max_length=GROUP_KEY_LENGTH,
        required=False,
        allow_null=True,
        help_text="Those that share it are one entry of a grouped list. It cannot begin with storm:.",
    )
    link = Text(
        max_length=buttons.URL_LENGTH,
        required=False,
        allow_null=True,
        validators=[buttons.link],
        help_text="Where the title leads: a path that begins with one / and has no . and .. in it, or an http or https "
        "address.",
    )
    actions = Buttons(required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="When it deletes itself.")
    deliver_at = Ahead(
        required=False,
        allow_null=True,
        help_text="When its audience is told of it, at most a year from now, with a time zone; until then nobody is. "
        "Null: at once.",
    )

    def validate_expires_at(self, value: Any) -> Any:
        """Refuse a time that has passed."""
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError("It must be in the future.", "past")
        return value


class CreateSerializer(Contents):
    """The body of POST /notifications."""

    dedup_key = Text(
        max_length=200,
        required=False,
        allow_null=True,
        help_text="If a live notification of the same audience has this key, it is changed instead (200).",
    )
    user = serializers.SlugRelatedField(
        slug_field=get_user_model().USERNAME_FIELD,
        queryset=get_user_model()._default_manager.all(),
        required=False,
        allow_null=True,
        help_text="The name of the only user who gets it.",
    )
    group = serializers.SlugRelatedField(
        slug_field="name",
        queryset=Group.objects.all(),
        required=False,
        allow_null=True,
        help_text="The name of the only user group that gets it.",
    )

    sensitive = serializers.BooleanField(
        required=False, help_text="Encrypt it, and show what it says only to who asks for this one. Default: false."
    )

    def refused(self, data: Mapping[str, Any]) -> Errors:
        """Add two audiences at once, and one that a database cannot be asked for."""
        found = super().refused(data)
        if data.get("user") and data.get("group"):
            found["group"] = _error("Name a user or a group, not both; neither means everyone.", "one_audience")
        for name in ("user", "group"):
            try:
                validators.storable(data[name] if isinstance(data.get(name), str) else "")
            except ModelError as error:
                found[name] = _error(error.messages[0], error.code)
        return found


class EditSerializer(Contents):
    """The body of PATCH /notifications/{id}."""

    title = Text(max_length=TITLE_LENGTH, validators=[validators.not_blank], required=False)
    reopen = serializers.BooleanField(default=True, help_text="Show it as unread again. Default: true.")

    def refused(self, data: Mapping[str, Any]) -> Errors:
        """Tell the audience apart from what is merely unknown."""
        text = "The audience of a notification cannot be changed; create another one."
        named = [name for name in ("audience", "user", "group") if name in data]
        refused = super().refused(data) | {name: _error(text, "immutable") for name in named}
        if "sensitive" in data:
            refused["sensitive"] = _error("Whether a notification is sensitive cannot be changed.", "immutable")
        return refused


class SeenSerializer(Strict):
    """The body of PUT /notifications/{id}/read; it may be empty."""

    version = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="The version that was seen. Default: the present one.",
    )


class ThroughSerializer(Strict):
    """The body of PUT /notifications/mark-all-read; it may be empty."""

    up_to = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, help_text="The offset of the newest one seen. Default: all."
    )


class NotificationSerializer(serializers.Serializer[Any]):
    """A notification as its reader sees it. This describes it; `notifications.inbox` makes it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    message = serializers.CharField()
    level = serializers.ChoiceField(Level.choices)
    category = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    related_entity = serializers.CharField(allow_null=True)
    dedup_key = serializers.CharField(allow_null=True)
    metadata = serializers.DictField()
    group_key = serializers.CharField(allow_null=True, help_text="That of a storm begins with storm:.")
    link = serializers.CharField(allow_null=True)
    actions = Buttons()
    sensitive = serializers.BooleanField(
        help_text="What it says, its keys, link and actions included, is then neutral, except where one is shown."
    )
    version = serializers.IntegerField(help_text="Grows with each change.")
    deliver_at = serializers.DateTimeField(
        required=False, help_text="When it is delivered; there only while it is scheduled."
    )
    read = serializers.BooleanField()
    archived = serializers.BooleanField(help_text="Until it is opened again.")
    saved = serializers.BooleanField()
    snoozed_until = serializers.DateTimeField(
        allow_null=True, help_text="When it comes back to the inbox as unread; null where it is not snoozed."
    )
    offset = serializers.IntegerField(allow_null=True, help_text="Where on the stream it was opened; null until then.")


class DetailSerializer(NotificationSerializer):
    """One notification with what it says, also where it is sensitive."""

    readable = serializers.BooleanField(
        help_text="False where a sensitive text cannot be decrypted; `message` then says what can be done."
    )


class GroupedSerializer(NotificationSerializer):
    """A notification of a list; of a grouped one it stands for all that share its key."""

    group_count = serializers.IntegerField(required=False, help_text="Only where `grouped`: how many it stands for.")
    group_unread = serializers.IntegerField(required=False, help_text="Only where `grouped`: how many are unread.")


class PageSerializer(serializers.Serializer[Any]):
    """A page, newest first, and the counts over all."""

    notifications = NotificationSerializer(many=True)
    total_count = serializers.IntegerField()
    unread_count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True, help_text="The cursor of the next page; null on the last.")
    previous = serializers.CharField(allow_null=True, help_text="That of the page before; null on the first.")


class NotificationListSerializer(PageSerializer):
    """A page of the list, whose notifications may stand for groups."""

    notifications = GroupedSerializer(many=True)


class DoneSerializer(serializers.Serializer[Any]):
    """What was done, in a sentence."""

    message = serializers.CharField()


class MarkedSerializer(DoneSerializer):
    """What was done, and how many are unread now."""

    unread_count = serializers.IntegerField()


class UntilSerializer(Strict):
    """The body of PUT /notifications/{id}/snoozed."""

    until = Ahead(help_text="When it comes back, at most a year from now, with a time zone.")


class PlacedSerializer(MarkedSerializer):
    """What was done, how many are unread now, and the notification as it is now."""

    notification = NotificationSerializer()


class AllReadSerializer(MarkedSerializer):
    """What mark-all-read did."""

    up_to = serializers.IntegerField(help_text="What was opened up to this offset is read.")


class UnreadSerializer(serializers.Serializer[Any]):
    """The unread count."""

    unread_count = serializers.IntegerField()


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.ListField(  # type: ignore[assignment]  # The base's `errors` is of no use in a schema.
        child=serializers.DictField(), required=False, help_text="Each with `field`, `rule` and `detail`."
    )


def refusing(work: Callable[[], Any]) -> Any:
    """Return what *work* returns; a model's ValidationError becomes the API's, with the same fields and rules."""
    try:
        return work()
    except ModelError as error:
        named = error.error_dict if hasattr(error, "error_dict") else {"non_field_errors": [error]}
        raise serializers.ValidationError(
            {
                name: [
                    serializers.ErrorDetail(text, inner.code or "invalid")
                    for inner in errors
                    for text in inner.messages
                ]
                for name, errors in named.items()
            }
        ) from error
