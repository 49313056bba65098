"""Tests of the creation of many notifications in one request."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Notification
from tests.notifications.api.conftest import Api, fields
from tests.notifications.conftest import published

pytestmark = pytest.mark.django_db


def bulk(*entries: Any) -> dict[str, Any]:
    """Return the body that asks for *entries*."""
    return {"notifications": list(entries)}


def test_a_thousand(writer: Api, ann: User, bob: User) -> None:
    """A thousand are created in their order and published, with few queries however many they are."""
    with CaptureQueriesContext(connection) as queries:
        status, body = writer("post", "/bulk", bulk(*({"title": f"{n}", "user": "ann"} for n in range(1_000))))
    assert status == 201
    assert [item["title"] for item in body["notifications"]] == [f"{n}" for n in range(1_000)]
    assert {item["to"] for item in published()} == {f"user:{ann.pk}"}
    assert len(published()) == 1_000
    assert len(queries) < 60
    assert set(Notification.objects.values_list("created_by", flat=True)) == {bob.pk}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            bulk({"title": "fine"}, {"title": " "}, {"title": "x", "level": "fatal", "user": "nobody"}),
            {
                "notifications.1.title": "blank",
                "notifications.2.level": "invalid_choice",
                "notifications.2.user": "does_not_exist",
            },
        ),
        (bulk({"title": "x", "dedup_key": "k"}), {"notifications.0.dedup_key": "unknown"}),
        (bulk({"title": "x"}, {"title": "x", "sensitive": True}), {"notifications.1.sensitive": "no_key"}),
        (bulk(), {"notifications": "empty"}),
        (bulk(*({"title": "x"} for _ in range(1_001))), {"notifications": "max_length"}),
        ({"notifications": "x"}, {"notifications": "not_a_list"}),
        (bulk(7), {"notifications.0": "invalid"}),
        ({}, {"notifications": "required"}),
        ({**bulk({"title": "x"}), "more": 1}, {"more": "unknown"}),
    ],
)
def test_all_or_none(writer: Api, body: Any, expected: dict[str, str]) -> None:
    """One that is wrong keeps all from being created; each is named with its field."""
    assert fields(writer("post", "/bulk", body)) == expected
    assert Notification.objects.count() == 0


def test_permission(reader: Api) -> None:
    """It needs the permission to add."""
    assert reader("post", "/bulk", bulk({"title": "x"}))[0] == 403


def test_the_same_again(writer: Api) -> None:
    """With a key, a thousand are not created twice."""
    for _ in range(2):
        answer = writer.client.post(
            "/api/v1/notifications/bulk", bulk({"title": "x"}), "application/json", headers={"Idempotency-Key": "a"}
        )
        assert answer.status_code == 201
    assert answer["Idempotency-Replay"] == "true"
    assert Notification.objects.count() == 1
