"""Tests of marking and deleting many notifications, by ids and by a filter."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import actions
from notifications.inbox import Inbox
from tests.notifications.api.conftest import Api, fields
from tests.notifications.conftest import published, relay, seen

pytestmark = pytest.mark.django_db


def test_read_and_unread(reader: Api, ann: User) -> None:
    """Those named are marked, once each; the answer counts what changed, and the clients are told of those alone."""
    rows = [actions.create(str(number)) for number in range(4)]
    relay()
    actions.mark_read(ann, rows[0].pk)
    before = len(published())
    ids = [str(row.pk) for row in rows[:3]]
    status, body = reader("post", "/batch/read", {"ids": [*ids, ids[0]]})
    expected = {"message": "Marked 2 notifications as read", "count": 2, "missing": [], "unread_count": 1}
    assert (status, body) == (200, expected)
    told = published()[before:]
    assert [item["data"]["title"] for item in told] == ["1", "2"]
    assert {(item["to"], item["data"]["read"], item["unread_count"]) for item in told} == {(f"user:{ann.pk}", True, 1)}
    assert reader("post", "/batch/unread", {"ids": ids})[1]["count"] == 3
    assert seen(ann) == {"0": False, "1": False, "2": False, "3": False}


def test_what_is_not_theirs(reader: Api, ann: User, bob: User) -> None:
    """Others' and nobody's are missing alike, and stay as they were."""
    theirs, nobodys = str(actions.create("bob", user=bob).pk), str(uuid.uuid4())
    for name in ("read", "unread", "delete"):
        body = reader("post", f"/batch/{name}", {"ids": [theirs, nobodys]})[1]
        assert (body["count"], body["missing"]) == (0, [theirs, nobodys])
    assert seen(bob) == {"bob": False}


def test_by_filter(reader: Api, ann: User) -> None:
    """A filter means all that the list shows with it; an empty one means all."""
    for title in ("disk full", "disk fine", "net"):
        actions.create(title)
    assert reader("post", "/batch/read", {"filter": {"q": "disk"}})[1]["count"] == 2
    assert seen(ann) == {"disk full": True, "disk fine": True, "net": False}
    assert reader("post", "/batch/delete", {"filter": {"read": True}})[1]["count"] == 2
    assert reader("post", "/batch/delete", {"filter": {}})[1]["count"] == 1
    assert seen(ann) == {}


def test_delete(reader: Api, admin: Api, bob: User) -> None:
    """Without the permission they are dismissed for one user, with it deleted for all."""
    rows = [actions.create(str(number)) for number in range(2)]
    ids = {"ids": [str(row.pk) for row in rows]}
    assert reader("post", "/batch/delete", ids)[1]["count"] == 2
    assert reader("get")[1]["total_count"] == 0
    assert len(seen(bob)) == 2
    assert reader("post", "/batch/delete", ids)[1]["missing"] == ids["ids"]
    assert admin("post", "/batch/delete", ids)[1]["count"] == 2
    assert seen(bob) == {}


def test_opened_again(ann: User) -> None:
    """What is changed after it was marked with others is unread again."""
    rows = [actions.create(str(number)) for number in range(2)]
    actions.mark_many_read(ann, [row.pk for row in rows])
    actions.update(rows[0].pk, message="again")
    assert seen(ann) == {"0": False, "1": True}


def test_a_thousand(ann: User) -> None:
    """A thousand marks are a few queries."""
    rows = actions.create_many({"title": str(number)} for number in range(1_000))
    relay()
    with CaptureQueriesContext(connection) as queries:
        assert actions.mark_many_read(ann, [row.pk for row in rows]).count == 1_000
    assert len(queries) < 60
    assert Inbox(ann).unread_count() == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"": "one_of"}),
        ({"ids": [str(uuid.UUID(int=1))], "filter": {}}, {"": "one_of"}),
        ({"ids": []}, {"ids": "empty"}),
        ({"ids": ["x"]}, {"ids.0": "invalid"}),
        ({"ids": [str(uuid.UUID(int=n)) for n in range(1_001)]}, {"ids": "max_length"}),
        ({"filter": {"colour": 1}}, {"filter.colour": "unknown"}),
        ({"filter": {"level": ["fatal"]}}, {"filter.level.0": "invalid_choice"}),
        ({"filter": "all"}, {"filter": "invalid"}),
    ],
)
def test_bad_bodies(reader: Api, body: Any, expected: dict[str, str]) -> None:
    """What is wrong is named, and nothing is marked."""
    actions.create("x")
    for name in ("read", "delete"):
        assert fields(reader("post", f"/batch/{name}", body)) == expected
    assert reader("get")[1]["unread_count"] == 1
