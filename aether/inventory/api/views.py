"""The REST API of the inventory: the original's read routes, and what producers write."""

from dataclasses import asdict
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from aether.inventory import actions
from aether.inventory.api import examples, reports, serializers
from aether.inventory.api.base import IN_USE, INVALID, MISSING, TAGS, ChangeableView, InventoryView, ItemView
from aether.inventory.api.fields import ClusterFields, HostFields, NewVMFields, VMFields, valid_id
from aether.inventory.models import VM, Cluster, Host
from aether.inventory.representation import clusters, moment, represent
from notifications.api.serializers import refusing
from realtime.api.parsing import LargeJSONParser

GONE: Final = OpenApiResponse(description="It is deleted.")
UPSERT: Final = "Answers 201 where it was not there. What is the same already is not published. Needs the permissions "


class Inventory(InventoryView):
    """Everything at once."""

    @extend_schema(
        tags=TAGS, summary="Show the inventory", operation_id="inventory", examples=[examples.EVERYTHING],
        responses={200: serializers.InventorySerializer},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return all clusters, hosts and VMs, and how many there are."""
        hosts = list(Host.objects.all())
        groups, vms = represent(clusters()), represent(VM.objects.all())
        lost = [row for row in hosts if not row.connected]
        seen = max((row.last_seen for row in hosts if row.last_seen), default=None)
        shown = {
            "clusters": groups,
            "hosts": represent(row for row in hosts if row.connected),
            "vms": vms,
            "disconnected_hosts": represent(lost),
            "total_hosts": len(hosts),
            "total_vms": len(vms),
            "total_clusters": len(groups),
            "disconnected_count": len(lost),
            "last_refresh": moment(seen),
        }
        return Response(shown)


class Hosts(InventoryView):
    """All hosts."""

    @extend_schema(
        tags=TAGS, summary="List hosts", operation_id="hosts_list", examples=[examples.HOSTS],
        responses={200: serializers.HostSerializer(many=True)},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return them by name, connected or not."""
        return Response(represent(Host.objects.all()))


class HostVMs(InventoryView):
    """The VMs of one host."""

    @extend_schema(
        tags=TAGS, summary="List a host's VMs", operation_id="host_vms_list", examples=[examples.VMS],
        responses={200: serializers.VMSerializer(many=True)},
    )  # fmt: skip
    def get(self, request: Request, hostname: str) -> Response:
        """Return them by name; of a host that is not there, none, as the original did."""
        return Response(represent(VM.objects.filter(host=hostname) if valid_id(hostname) else ()))


class VMs(InventoryView):
    """All VMs."""

    @extend_schema(
        tags=TAGS, summary="List VMs", operation_id="vms_list", examples=[examples.VMS],
        responses={200: serializers.VMSerializer(many=True)},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return them by name."""
        return Response(represent(VM.objects.all()))


SHOW_VM: Final[dict[str, Any]] = {
    "tags": TAGS,
    "summary": "Show a VM",
    "examples": [examples.ONE_VM],
    "responses": {200: serializers.VMSerializer, 404: MISSING},
}


@extend_schema_view(
    get=extend_schema(
        tags=TAGS, summary="Show a cluster", operation_id="inventory_cluster", examples=[examples.ONE_CLUSTER],
        responses={200: serializers.ClusterSerializer, 404: MISSING},
    ),
    put=extend_schema(
        tags=TAGS, summary="Create a cluster", operation_id="inventory_cluster_put", request=ClusterFields,
        description=f"{UPSERT}`inventory.add_cluster` and `inventory.change_cluster`. Its hosts name it.",
        responses=dict.fromkeys((200, 201), serializers.ClusterSerializer) | {400: INVALID},
        examples=[examples.PUT_CLUSTER, examples.ONE_CLUSTER],
    ),
    delete=extend_schema(
        tags=TAGS, summary="Delete a cluster without hosts", operation_id="inventory_cluster_delete",
        description="Needs the permission `inventory.delete_cluster`.",
        responses={204: GONE, 404: MISSING, 409: IN_USE},
    ),
)  # fmt: skip
class ClusterDetail(ItemView):
    """One cluster."""

    model, parameter, new = Cluster, "cluster_name", ClusterFields


@extend_schema_view(
    get=extend_schema(
        tags=TAGS, summary="Show a host", operation_id="inventory_host", examples=[examples.ONE_HOST],
        responses={200: serializers.HostSerializer, 404: MISSING},
    ),
    put=extend_schema(
        tags=TAGS, summary="Create or replace a host", operation_id="inventory_host_put", request=HostFields,
        description=f"{UPSERT}`inventory.add_host` and `inventory.change_host`. What is not said gets its default; "
        "`connected` is then true, which counts as a sign of life.",
        responses=dict.fromkeys((200, 201), serializers.HostSerializer) | {400: INVALID},
        examples=[examples.PUT_HOST, examples.ONE_HOST],
    ),
    patch=extend_schema(
        tags=TAGS, summary="Change a host", operation_id="inventory_host_patch", request=HostFields,
        description='Needs the permission `inventory.change_host`. `{"connected": true}` is a sign of life, which is '
        "not published where the host is connected already.",
        responses={200: serializers.HostSerializer, 400: INVALID, 404: MISSING},
        examples=[examples.PATCH_HOST, examples.ONE_HOST],
    ),
    delete=extend_schema(
        tags=TAGS, summary="Delete a host and its VMs", operation_id="inventory_host_delete",
        description="Needs the permissions `inventory.delete_host` and `inventory.delete_vm`.",
        responses={204: GONE, 404: MISSING},
    ),
)  # fmt: skip
class HostDetail(ChangeableView):
    """One host."""

    model, parameter, new, fields, goes_along = Host, "hostname", HostFields, HostFields, ("delete_vm",)

    def heard(self, values: dict[str, Any], *, default: bool) -> dict[str, Any]:
        """Take a host that is said to be connected for heard of now, unless the producer knows when."""
        if not values.get("connected", default):
            return values
        return {"last_seen": timezone.now(), **values}


@extend_schema_view(
    get=extend_schema(operation_id="inventory_vm", **SHOW_VM),
    put=extend_schema(
        tags=TAGS, summary="Create or replace a VM", operation_id="inventory_vm_put", request=NewVMFields,
        description=f"{UPSERT}`inventory.add_vm` and `inventory.change_vm`. What is not said gets its default.",
        responses=dict.fromkeys((200, 201), serializers.VMSerializer) | {400: INVALID},
        examples=[examples.PUT_VM, examples.ONE_VM],
    ),
    patch=extend_schema(
        tags=TAGS, summary="Change a VM", operation_id="inventory_vm_patch", request=VMFields,
        description="Needs the permission `inventory.change_vm`.",
        responses={200: serializers.VMSerializer, 400: INVALID, 404: MISSING},
        examples=[examples.PATCH_VM, examples.ONE_VM],
    ),
    delete=extend_schema(
        tags=TAGS, summary="Delete a VM", operation_id="inventory_vm_delete",
        description="Needs the permission `inventory.delete_vm`.", responses={204: GONE, 404: MISSING},
    ),
)  # fmt: skip
class VMDetail(ChangeableView):
    """One VM."""

    model, parameter, new, fields = VM, "vm_id", NewVMFields, VMFields


@extend_schema_view(get=extend_schema(operation_id="vms_by_id", **SHOW_VM))
class VMById(VMDetail):
    """One VM, under the original's path."""

    http_method_names = ["get", "head", "options"]


class ReportParser(LargeJSONParser):
    """For the one request that carries thousands of VMs."""

    limit = 16 * 1024 * 1024


class Sync(InventoryView):
    """A host's report."""

    parser_classes = [ReportParser]

    @extend_schema(
        tags=TAGS,
        summary="Take over all VMs of a host",
        operation_id="inventory_sync",
        description="What is new, changed or not on the host any more is worked out; the rest is neither written nor "
        "published. A VM that another host had moves to this one. It is also the host's sign of life, and creates it "
        "where it is not there. All of it or nothing. Up to 20,000 VMs and 16 MB. Needs the permissions to add and "
        "change hosts and VMs, and to delete VMs; where a cluster is named, also to add clusters.",
        request=reports.ReportSerializer,
        responses={200: reports.SyncedSerializer, 400: INVALID},
        examples=[examples.SYNC, examples.SYNCED],
    )
    def post(self, request: Request) -> Response:
        """Take it over, and return what it changed."""
        self.require("add_host", "change_host", "add_vm", "change_vm", "delete_vm")
        report = reports.report_of(self.body(reports.ReportSerializer))
        if report.host.get("cluster_id"):
            self.require("add_cluster")
        done = refusing(lambda: actions.sync(report))
        return Response(asdict(done))
