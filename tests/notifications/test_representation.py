"""Tests of the one shape that notifications have outside."""

import pytest

from notifications import actions
from notifications.representation import represent

pytestmark = pytest.mark.django_db


def test_the_text_of_times_keeps_the_order_of_many() -> None:
    """What was created in bulk, microseconds apart, has the order of its creation for clients that sort by it."""
    rows = actions.create_many({"title": str(number)} for number in range(300))
    newest = sorted((represent(row) for row in rows), key=lambda item: item["created_at"], reverse=True)
    assert [item["title"] for item in newest] == [str(number) for number in reversed(range(300))]


def test_depends_on_the_row_alone() -> None:
    """Every field of the API is there but `read` and `offset`, which are each reader's own."""
    item = represent(actions.create("t", metadata={"a": 1}))
    assert set(item) == {
        "id", "title", "message", "level", "category", "created_at", "updated_at", "expires_at", "related_entity",
        "dedup_key", "metadata", "group_key", "link", "actions", "sensitive", "version",
    }  # fmt: skip
