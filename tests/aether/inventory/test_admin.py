"""Tests of the inventory in the admin: what is changed there is published like any other write."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from aether.inventory import actions
from aether.inventory.models import VM, Cluster, Host
from tests.aether.inventory.conftest import published

pytestmark = pytest.mark.django_db

URL = "/admin/inventory/"
HOST: dict[str, Any] = {
    "hostname": "h1", "cluster": "east", "connected": "on", "last_seen_0": "", "last_seen_1": "", "error": "",
    "total_cpu_cores": 8, "total_memory_gb": 64,
}  # fmt: skip
MACHINE: dict[str, Any] = {
    "id": "a", "name": "web", "host": "h1", "state": "Running", "cpu_cores": 2, "memory_gb": 4, "ip_address": "",
    "ip_addresses": "[]", "notes": "", "os_family": "", "os_name": "", "generation": "", "disks": "[]",
    "networks": "[]", "created_at_0": "2026-11-24", "created_at_1": "09:30:00",
}  # fmt: skip


@pytest.fixture
def site(db: None) -> Client:
    """A superuser in the admin, with a cluster and a host."""
    actions.put(Cluster, "east", {})
    actions.put(Host, "h1", {"cluster_id": "east"})
    published()
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_create_and_change(site: Client) -> None:
    """A VM that is created and changed there is published once for each; the id cannot be changed."""
    assert site.post(f"{URL}vm/add/", MACHINE).status_code == 302
    assert published() == [("created", "vm:a")]
    assert site.post(f"{URL}vm/a/change/", {**MACHINE, "id": "z", "state": "Off"}).status_code == 302
    assert published() == [("updated", "vm:a")]
    row = VM.objects.get()
    assert (row.pk, row.state, row.ip_address, row.state_changed_at > row.created_at) == ("a", "Off", None, True)
    site.post(f"{URL}vm/a/change/", {**MACHINE, "state": "Off"})
    assert published() == []


def test_a_host_changes(site: Client) -> None:
    """A host that is disconnected there tells its cluster too; empty text is none."""
    site.post(f"{URL}host/h1/change/", {name: value for name, value in HOST.items() if name != "connected"})
    assert published() == [("updated", "host:h1"), ("updated", "cluster:east")]
    row = Host.objects.get()
    assert (row.connected, row.error, row.total_cpu_cores) == (False, None, 8)


def test_delete(site: Client) -> None:
    """Deleting is published, VMs with their host; a cluster with hosts stays."""
    actions.put(VM, "a", {"name": "a", "host_id": "h1"})
    published()
    chosen = {"action": "delete_selected", "post": "yes", "_selected_action": "east"}
    site.post(f"{URL}cluster/", chosen)
    assert Cluster.objects.exists()
    assert site.post(f"{URL}host/h1/delete/", {"post": "yes"}).status_code == 302
    assert sorted(published()) == [("deleted", "host:h1"), ("deleted", "vm:a"), ("updated", "cluster:east")]
    site.post(f"{URL}cluster/", chosen)
    assert published() == [("deleted", "cluster:east")]


@pytest.mark.parametrize("path", ["cluster/?q=ea", "host/?q=h1&connected__exact=1", "vm/?q=web&state__exact=Running"])
def test_lists_search_and_filter(site: Client, path: str) -> None:
    """Each list finds its one row by a search and a filter."""
    actions.put(VM, "a", {"name": "web", "host_id": "h1", "state": "Running"})
    answer = site.get(URL + path)
    assert (answer.status_code, answer.context["cl"].result_count) == (200, 1)


@pytest.mark.parametrize(
    ("wrong", "field"), [({"id": "a b"}, "id"), ({"name": " "}, "name"), ({"disks": "[1]"}, "disks")]
)
def test_what_is_wrong_is_an_error_of_the_form(site: Client, wrong: dict[str, str], field: str) -> None:
    """The form refuses what the API refuses."""
    answer = site.post(f"{URL}vm/add/", {**MACHINE, **wrong})
    assert list(answer.context["adminform"].form.errors) == [field]
    assert published() == []
