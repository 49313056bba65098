"""The routes under /api/v1/; none ends with a slash."""

from django.urls import path

from aether.inventory.api import views

urlpatterns = [
    path("inventory", views.Inventory.as_view(), name="inventory"),
    path("inventory/sync", views.Sync.as_view(), name="inventory-sync"),
    path("inventory/clusters/<str:cluster_name>", views.ClusterDetail.as_view(), name="inventory-cluster"),
    path("inventory/hosts/<str:hostname>", views.HostDetail.as_view(), name="inventory-host"),
    path("inventory/vms/<str:vm_id>", views.VMDetail.as_view(), name="inventory-vm"),
    path("hosts", views.Hosts.as_view(), name="hosts"),
    path("hosts/<str:hostname>/vms", views.HostVMs.as_view(), name="host-vms"),
    path("vms", views.VMs.as_view(), name="vms"),
    path("vms/by-id/<str:vm_id>", views.VMById.as_view(), name="vm-by-id"),
]
