"""Tests of the list in which notifications with the same key are one entry."""

import random
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import actions
from notifications.filters import Filter
from notifications.grouped import GroupedInbox
from notifications.inbox import Inbox
from realtime import keys
from tests.notifications.conftest import relay

pytestmark = pytest.mark.django_db


def titles(items: Any) -> list[tuple[str, int, int]]:
    """Return title, count and unread count of each entry."""
    return [(item["title"], item["group_count"], item["group_unread"]) for item in items]


def plainly(user: User, wanted: Filter | None = None) -> list[tuple[str, int, int]]:
    """Return the entries, told from the whole list of single notifications."""
    entries: dict[str, list[dict[str, Any]]] = {}
    inbox, cursor = Inbox(user), None
    while True:
        page = inbox.page(200, cursor=cursor, wanted=wanted)
        for item in page.items:
            entries.setdefault(item["group_key"] or item["id"], []).append(item)
        cursor = page.next
        if cursor is None:
            break
    return [(found[0]["title"], len(found), sum(not item["read"] for item in found)) for found in entries.values()]


def everything(user: User, limit: int, wanted: Filter | None = None) -> list[tuple[str, int, int]]:
    """Walk all pages to the end, and back again; both ways show the same."""
    inbox, found, cursor, last = GroupedInbox(user), [], None, None
    while True:
        page = inbox.page(limit, cursor=cursor, wanted=wanted)
        found.append(titles(page.items))
        last, cursor = page, page.next
        if cursor is None:
            break
    back, previous = [found[-1]], last.previous
    while previous is not None:
        page = inbox.page(limit, cursor=previous, wanted=wanted)
        back.insert(0, titles(page.items))
        previous = page.previous
    assert list(chain(*back)) == list(chain(*found))
    return list(chain(*found))


@pytest.fixture
def many(ann: User) -> User:
    """A user with 500 notifications of two audiences, in groups of all sizes, some read and some dismissed."""
    chance = random.Random(7)
    now = timezone.now()
    names = [None, "large", "large", "large", *(f"small {n}" for n in range(40))]
    for half in range(2):
        rows = actions.create_many(
            {
                "title": f"{half}.{n}",
                "group_key": chance.choice(names),
                "user": ann if n % 3 == 0 else None,
                "level": chance.choice(["info", "error"]),
                "created_at": now - timedelta(seconds=chance.randrange(400)),
            }
            for n in range(250)
        )
        relay()
        actions.mark_many_read(ann, [row.pk for row in rows[::4]])
        actions.delete_many(ann, [row.pk for row in rows[::7]])
    return ann


@pytest.mark.parametrize("limit", [40, 200])
@pytest.mark.parametrize("wanted", [None, Filter(read=False), Filter(levels=["error"]), Filter(groups=["large"])])
def test_it_is_what_the_single_ones_are(many: User, limit: int, wanted: Filter | None) -> None:
    """Page by page, both ways, filtered or not, the entries are those that the single notifications make."""
    assert everything(many, limit, wanted) == plainly(many, wanted)


def test_a_large_group_is_not_walked_through(ann: User) -> None:
    """Thousands with one key cost no more queries than a few of them."""
    actions.create("oldest")
    for part in range(3):
        actions.create_many({"title": f"{part}.{n}", "group_key": "k"} for n in range(1_000))
    with CaptureQueriesContext(connection) as queries:
        page = GroupedInbox(ann).page(50)
    assert titles(page.items) == [("2.999", 3_000, 3_000), ("oldest", 1, 1)]
    assert len(queries) < 25


def test_a_sensitive_one_is_an_entry_of_its_own(ann: User, settings: Any) -> None:
    """Its key is not shown, and so groups nothing."""
    settings.ENCRYPTION_KEYS = [keys.generate()]
    for _ in range(2):
        actions.create("t", sensitive=True, group_key="k")
    assert [(item["group_key"], item["group_count"]) for item in GroupedInbox(ann).page(5).items] == [(None, 1)] * 2
