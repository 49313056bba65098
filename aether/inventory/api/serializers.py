"""What REST answers with. This describes it; `aether.inventory.representation` makes it."""

from typing import Any

from rest_framework import serializers

from aether.inventory.models import State


class About(serializers.Serializer[Any]):
    """What clusters, hosts and VMs have in common."""

    kind = serializers.ChoiceField(["cluster", "host", "vm"])
    id = serializers.CharField(help_text="The producer's.")
    version = serializers.IntegerField(help_text="Grows with each change that is published.")
    updated_at = serializers.DateTimeField()


class ClusterSerializer(About):
    """A cluster."""

    name = serializers.CharField()
    hosts = serializers.ListField(child=serializers.CharField(), help_text="Hostnames, in order.")
    connected_hosts = serializers.IntegerField()
    total_hosts = serializers.IntegerField()


class HostSerializer(About):
    """A host."""

    hostname = serializers.CharField()
    cluster = serializers.CharField(allow_null=True)
    connected = serializers.BooleanField()
    last_seen = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    total_cpu_cores = serializers.IntegerField()
    total_memory_gb = serializers.FloatField()
    state_changed_at = serializers.DateTimeField(help_text="When it was last lost or found again.")


class VMSerializer(About):
    """A VM."""

    name = serializers.CharField()
    host = serializers.CharField()
    state = serializers.ChoiceField(State.choices)
    cpu_cores = serializers.IntegerField()
    memory_gb = serializers.FloatField()
    ip_address = serializers.CharField(allow_null=True)
    ip_addresses = serializers.ListField(child=serializers.CharField())
    notes = serializers.CharField()
    os_family = serializers.CharField(allow_null=True)
    os_name = serializers.CharField(allow_null=True)
    generation = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    disks = serializers.ListField(child=serializers.DictField())
    networks = serializers.ListField(child=serializers.DictField())
    state_changed_at = serializers.DateTimeField()


class InventorySerializer(serializers.Serializer[Any]):
    """Everything, with counts."""

    clusters = ClusterSerializer(many=True)
    hosts = HostSerializer(many=True, help_text="Those that are connected.")
    vms = VMSerializer(many=True)
    disconnected_hosts = HostSerializer(many=True)
    total_hosts = serializers.IntegerField(help_text="Connected or not.")
    total_vms = serializers.IntegerField()
    total_clusters = serializers.IntegerField()
    disconnected_count = serializers.IntegerField()
    last_refresh = serializers.DateTimeField(allow_null=True, help_text="When a host was last heard of.")
