"""Tests of jobs in the admin: read them, cancel them, delete what is finished."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from aether.jobs import actions
from aether.jobs.models import Job

pytestmark = pytest.mark.django_db

LIST = "/admin/jobs/job/"


@pytest.fixture
def admin(db: None) -> Client:
    """The browser of a superuser."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_list_and_read(admin: Client) -> None:
    """Jobs are listed and found, and one shows what it printed last; nothing can be typed in."""
    job = actions.create("Nightly backup", status="running", target_host="db-1")
    actions.append(job.pk, ["first line", "<b>second</b>"])
    assert "Nightly backup" in admin.get(LIST, {"q": "nightly", "status__exact": "running"}).content.decode()
    page = admin.get(f"{LIST}{job.pk}/change/").content.decode()
    assert "first line" in page
    assert "<b>second</b>" not in page
    assert 'name="status"' not in page
    assert admin.get(f"{LIST}add/").status_code == 403


def test_cancel(admin: Client) -> None:
    """Selected jobs are cancelled; those that have ended stay as they are."""
    job, done = actions.create("a", status="running"), actions.create("b", status="running")
    actions.complete(done.pk)
    chosen = {"action": "cancel", "_selected_action": [job.pk, done.pk]}
    assert "1 cancelled." in admin.post(LIST, chosen, follow=True).content.decode()
    assert {job.name: job.status for job in Job.objects.all()} == {"a": "cancelled", "b": "completed"}


def test_delete(admin: Client) -> None:
    """A finished job is deleted by the actions, so that browsers hear of it; one that runs is not."""
    job, done = actions.create("a", status="running"), actions.create("b", status="running")
    actions.complete(done.pk)
    assert admin.post(f"{LIST}{job.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"{LIST}{done.pk}/delete/", {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [job.pk], "post": "yes"}
    admin.post(LIST, chosen, follow=True)
    assert list(Job.objects.values_list("name", flat=True)) == ["a"]
