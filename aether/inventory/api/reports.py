"""A host's report: its own fields, and all of its VMs. Read entry by entry, since there may be thousands."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from aether.inventory import actions, validators
from aether.inventory.api.fields import Amount, Count, Listed
from aether.inventory.api.plain import plainly_good
from aether.inventory.models import ERROR_LENGTH
from aether.inventory.validators import ID_LENGTH
from notifications.api.serializers import Strict, Text

NAMED: Final = 20
"""Bad entries that one answer names."""


@extend_schema_field(Listed(many=True))
class VMsField(serializers.Field[Any, Any, Any, Any]):
    """The VMs, by id: each is checked by the same serializer. Errors name the entry's number and the field."""

    default_error_messages = {"not_a_list": "It must be a list."}

    def to_internal_value(self, data: Any) -> dict[str, dict[str, Any]]:
        """Return id → fields. Raises: ValidationError, with up to 20 bad entries by number."""
        if not isinstance(data, list):
            self.fail("not_a_list")
        if len(data) > actions.MANY:
            text = f"{len(data):,} VMs at once; at most {actions.MANY:,} are allowed."
            raise serializers.ValidationError(text, "max_length")
        one, found, errors = Listed(), dict[str, dict[str, Any]](), dict[str, Any]()
        for number, entry in enumerate(data):
            try:
                _take(found, dict(entry if plainly_good(entry) else one.run_validation(entry)))
            except serializers.ValidationError as error:
                errors[str(number)] = error.detail
            if len(errors) == NAMED:
                break
        if errors:
            raise serializers.ValidationError(errors)
        return found


def _take(found: dict[str, dict[str, Any]], values: dict[str, Any]) -> None:
    pk = values.pop("id")
    if pk in found:
        raise serializers.ValidationError({"id": "Another entry has this id."}, "unique")
    found[pk] = values


class ReportSerializer(Strict):
    """The body of POST /inventory/sync."""

    hostname = Text(max_length=ID_LENGTH, validators=[validators.identifier])
    cluster = Text(
        max_length=ID_LENGTH,
        validators=[validators.identifier],
        required=False,
        allow_null=True,
        help_text="It is created where it is not there. Without it the host stays where it is; null is no cluster.",
    )
    error = Text(max_length=ERROR_LENGTH, required=False, allow_null=True)
    total_cpu_cores = Count(required=False)
    total_memory_gb = Amount(required=False)
    vms = VMsField(help_text=f"All VMs of the host, at most {actions.MANY:,}, each with `id` and `name`.")


class SyncedSerializer(serializers.Serializer[Any]):
    """What a report changed."""

    host = serializers.ChoiceField(["created", "updated", "unchanged"])
    created = serializers.IntegerField()
    updated = serializers.IntegerField(help_text="Those that moved are among them.")
    deleted = serializers.IntegerField(help_text="They were on the host, and are not in the report.")
    unchanged = serializers.IntegerField()
    moved = serializers.IntegerField(help_text="They were on another host.")


def report_of(values: Mapping[str, Any]) -> actions.Report:
    """Return the report that a validated body is."""
    host = {name: value for name, value in values.items() if name not in ("hostname", "cluster", "vms")}
    if "cluster" in values:
        host["cluster_id"] = values["cluster"]
    return actions.Report(values["hostname"], host, values["vms"])
