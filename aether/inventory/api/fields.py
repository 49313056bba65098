"""The fields of clusters, hosts and VMs as producers write them."""

from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from rest_framework import serializers

from aether.inventory import validators
from aether.inventory.models import ERROR_LENGTH, NOTES_LENGTH, State
from aether.inventory.validators import ID_LENGTH
from notifications.api.serializers import Strict, Text
from notifications.validators import not_blank

MOST: Final = 1_000_000
"""Cores, or gigabytes: more is a mistake in somebody's units."""


class Amount(serializers.FloatField):
    """Gigabytes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=MOST, **options)


class Count(serializers.IntegerField):
    """Cores."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=MOST, **options)


class Json(serializers.JSONField):
    """JSON that one of the model's validators takes."""

    def __init__(self, check: Any, **options: Any) -> None:
        super().__init__(validators=[check], **options)


class Moment(serializers.DateTimeField):
    """A time that has passed: what a producer's clock calls the future is now."""

    def to_internal_value(self, value: Any) -> datetime:
        """Return it. Raises: ValidationError."""
        moment: datetime = super().to_internal_value(value)
        return min(moment, timezone.now())


def _name(**options: Any) -> Text:
    return Text(max_length=ID_LENGTH, validators=[validators.identifier], required=False, **options)


class ClusterFields(Strict):
    """The body of PUT /inventory/clusters/{name}: nothing, since its hosts say what there is to say."""


class HostFields(Strict):
    """The body of PUT and PATCH /inventory/hosts/{hostname}."""

    cluster = _name(source="cluster_id", allow_null=True, help_text="The name of a cluster that is there.")
    connected = serializers.BooleanField(required=False, help_text="True, the default of PUT, is a sign of life.")
    last_seen = Moment(required=False, allow_null=True, help_text="Default: now, with a sign of life.")
    error = Text(max_length=ERROR_LENGTH, required=False, allow_null=True, help_text="Why it is not connected.")
    total_cpu_cores = Count(required=False)
    total_memory_gb = Amount(required=False)


class VMFields(Strict):
    """The body of PATCH /inventory/vms/{id}."""

    name = Text(max_length=200, required=False, validators=[not_blank])
    host = _name(source="host_id", help_text="The name of a host that is there.")
    state = serializers.ChoiceField(State.choices, required=False, help_text="Default: Unknown.")
    cpu_cores = Count(required=False)
    memory_gb = Amount(required=False)
    ip_address = Text(max_length=64, required=False, allow_null=True, allow_blank=True)
    ip_addresses = Json(validators.addresses, required=False, help_text="Texts, at most 64.")
    notes = Text(max_length=NOTES_LENGTH, required=False, allow_blank=True)
    os_family = Text(max_length=50, required=False, allow_null=True, allow_blank=True)
    os_name = Text(max_length=200, required=False, allow_null=True, allow_blank=True)
    generation = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=32_767)
    created_at = serializers.DateTimeField(required=False, help_text="Default: when it was first heard of.")
    disks = Json(validators.parts, required=False, help_text="Objects, of 16 KB together.")
    networks = Json(validators.parts, required=False, help_text="Objects, of 16 KB together.")


class NewVMFields(VMFields):
    """The body of PUT /inventory/vms/{id}."""

    name = Text(max_length=200, validators=[not_blank])
    host = Text(max_length=ID_LENGTH, validators=[validators.identifier], source="host_id")


class Listed(VMFields):
    """A VM in a host's report."""

    id = Text(max_length=ID_LENGTH, validators=[validators.identifier])
    name = Text(max_length=200, validators=[not_blank])
    host = None  # type: ignore[assignment]  # It is the one that reports.


def valid_id(value: str) -> bool:
    """Return whether anything can have the id *value*."""
    return not _errors_of(value)


def refuse_id(value: str) -> None:
    """Refuse an id in a URL that nothing can have. Raises: ValidationError."""
    if errors := _errors_of(value):
        raise serializers.ValidationError({"id": errors})


def _errors_of(value: str) -> Any:
    try:
        Text(max_length=ID_LENGTH, validators=[validators.identifier]).run_validation(value)
    except serializers.ValidationError as error:
        return error.detail
    return None
