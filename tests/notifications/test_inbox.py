"""Tests of what one user sees, page by page."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import actions
from notifications.inbox import Inbox, InvalidCursor
from notifications.models import Notification
from tests.notifications.conftest import relay

pytestmark = pytest.mark.django_db


def walk(user: User, limit: int, *, unread_only: bool = False) -> list[str]:
    """Return the titles of all pages."""
    titles: list[str] = []
    cursor = None
    while True:
        page = Inbox(user).page(limit, cursor=cursor, unread_only=unread_only)
        titles += [item["title"] for item in page.items]
        if (cursor := page.next) is None:
            return titles


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_pages_hold_each_once(ann: User, bob: User, operators: Group, limit: int) -> None:
    """Pages of any size hold everything that the user may see once, newest first, whatever the audience or the time."""
    ann.groups.add(operators)
    now = timezone.now()
    owners = [{}, {"user": ann}, {"group": operators}, {"user": bob}]
    for number in range(12):
        moment = now - timedelta(seconds=number // 2)  # Pairs of the same moment.
        actions.create(f"{number // 2}", created_at=moment, **owners[number % 4])  # type: ignore[arg-type]
    expected = [str(number // 2) for number in range(12) if number % 4 != 3]
    assert walk(ann, limit) == expected
    assert Inbox(ann).total_count() == len(expected)


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_unread_pages(ann: User, limit: int) -> None:
    """Asked for what is unread, pages hold that alone: marked, pending and numbered ones."""
    rows = [actions.create(str(number)) for number in range(4)]
    relay()
    actions.mark_all_read(ann)
    actions.mark_unread(ann, rows[1].pk)
    actions.create("new")
    actions.mark_read(ann, actions.create("read").pk)
    assert walk(ann, limit, unread_only=True) == ["new", "1"]


@pytest.mark.parametrize("cursor", ["x", "%%%", "MjAyNg", "é", "fA", "OTk5OTk5fDAw"])
def test_bad_cursors(ann: User, cursor: str) -> None:
    """A cursor that is none of ours is refused."""
    with pytest.raises(InvalidCursor):
        Inbox(ann).page(1, cursor=cursor)


def test_offsets(ann: User) -> None:
    """An item has the offset at which it was last opened, null while that is pending; a quiet change keeps it."""
    row = actions.create("x")
    assert Inbox(ann).find(row.pk)["offset"] is None
    relay()
    assert Inbox(ann).find(row.pk)["offset"] == 1
    actions.update(row.pk, message="typo", reopen=False)
    relay()
    assert Inbox(ann).find(row.pk)["offset"] == 1
    actions.update(row.pk, message="again")
    assert Inbox(ann).find(row.pk)["offset"] is None
    relay()
    assert Inbox(ann).find(row.pk)["offset"] == 3


def test_find_what_is_not_there(ann: User) -> None:
    """What does not exist is not found."""
    with pytest.raises(Notification.DoesNotExist):
        Inbox(ann).find(uuid.uuid4())


def test_queries_do_not_grow(ann: User) -> None:
    """A page takes as many queries with 200 notifications as with 20."""
    counts = []
    for number in (20, 180):
        actions.create_many({"title": str(item)} for item in range(number))
        relay()
        with CaptureQueriesContext(connection) as queries:
            Inbox(ann).page(200)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
