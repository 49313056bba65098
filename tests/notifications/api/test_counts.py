"""Tests of the counts by level and category."""

import pytest
from django.contrib.auth.models import User

from notifications import actions
from tests.notifications.api.conftest import Api, fields

pytestmark = pytest.mark.django_db


def test_counts(reader: Api, bob: User) -> None:
    """One call counts all and unread ones of each level and category, those with none included; others' are not."""
    actions.create("a", level="error", category="vm")
    read = actions.create("b", level="error", category="job")
    actions.create("c", user=bob)
    reader("put", f"/{read.pk}/read")
    status, body = reader("get", "/counts")
    assert (status, body["total"], body["unread"]) == (200, 2, 1)
    assert body["by_level"]["error"] == {"total": 2, "unread": 1}
    assert body["by_level"]["info"] == {"total": 0, "unread": 0}
    assert body["by_category"]["job"] == {"total": 1, "unread": 0}
    assert set(body["by_category"]) == {"system", "host", "vm", "job", "authentication"}


def test_counts_of_a_filter(reader: Api) -> None:
    """The filters of the list say what is counted."""
    for title in ("disk full", "disk fine", "net"):
        actions.create(title)
    first = reader("get", "?q=net")[1]["notifications"][0]
    reader("put", f"/{first['id']}/read")
    for query, total, unread in (("q=disk", 2, 2), ("read=true", 1, 0), ("read=false", 2, 2), ("level=error", 0, 0)):
        body = reader("get", f"/counts?{query}")[1]
        assert (body["total"], body["unread"]) == (total, unread), query
    assert fields(reader("get", "/counts?level=x")) == {"level.0": "invalid_choice"}
