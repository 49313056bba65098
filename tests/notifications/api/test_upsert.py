"""Writing to an audience that one is not in, and cursors at the ends of the calendar."""

import base64

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from notifications import actions
from notifications.models import Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def writer(ann: User) -> APIClient:
    """A client of ann, who may write and change, and is in no group."""
    for name in ("add_notification", "change_notification"):
        ann.user_permissions.add(Permission.objects.get(codename=name))
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=ann.pk))
    return client


def test_an_upsert_shows_a_stranger_only_what_they_said(writer: APIClient, bob: User) -> None:
    """A key names bob's notification too, which is changed, and of which nothing that was there before is shown."""
    actions.upsert("k", "before", "private", user=bob, level="error", related_entity="vault", metadata={"secret": 1})
    answer = writer.post(
        "/api/v1/notifications",
        {"title": "hi", "user": "bob", "dedup_key": "k", "metadata": {"mine": 2}},
        format="json",
    )
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["title"], shown["metadata"]) == ("hi", {"mine": 2})
    assert "private" not in answer.content.decode()
    assert (shown["level"], shown["related_entity"]) == ("info", None)
    assert Notification.objects.get().metadata == {"secret": 1, "mine": 2}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_cursor_outside_the_calendar_is_refused(writer: APIClient, moment: str) -> None:
    """A time that no UTC time equals is no cursor of ours."""
    cursor = base64.urlsafe_b64encode(f"{moment}|{'0' * 32}".encode()).decode().rstrip("=")
    answer = writer.get(f"/api/v1/notifications?cursor={cursor}")
    assert answer.status_code == 400
    assert "cursor" in answer.content.decode()
