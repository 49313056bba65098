"""Tests of storms: many of one kind in a short time share a key, and nothing of them is lost."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import actions
from notifications.grouped import GroupedInbox
from notifications.inbox import Inbox
from notifications.models import Notification
from realtime import keys
from tests.notifications.conftest import published, seen

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limit(settings: Any) -> None:
    """More than three within a minute."""
    settings.NOTIFICATION_STORM_COUNT = 3
    settings.NOTIFICATION_STORM_SECONDS = 60


def storm_keys() -> list[str | None]:
    """Return the keys of all, oldest first."""
    return list(Notification.objects.order_by("created_at", "id").values_list("group_key", flat=True))


def test_too_many_are_one_entry(ann: User) -> None:
    """The fourth begins it and takes the three before along; the list shows one entry, and each can still be seen."""
    for number in range(3):
        actions.create(str(number))
    assert storm_keys() == [None] * 3
    for number in range(3, 6):
        actions.create(str(number))
    [key] = set(storm_keys())
    assert (key or "").startswith("storm:")
    [entry] = GroupedInbox(ann).page(10).items
    assert (entry["title"], entry["group_count"], entry["group_unread"]) == ("5", 6, 6)
    assert sorted(seen(ann)) == [str(number) for number in range(6)]


def test_each_is_published_by_itself() -> None:
    """Every creation is a publication; those that came before are changed quietly, once."""
    for number in range(6):
        actions.create(str(number))
    found = published()
    assert [item["data"]["title"] for item in found if item["action"] == "created"] == list("012345")
    changed = [item for item in found if item["action"] == "updated"]
    assert sorted(item["data"]["title"] for item in changed) == list("012")
    assert all("read" not in item["data"] for item in changed)


def test_what_was_read_stays_read(ann: User) -> None:
    """Whoever has read what a storm takes along has read it."""
    first = actions.create("first")
    actions.mark_read(ann, first.pk)
    for number in range(4):
        actions.create(str(number))
    assert seen(ann)["first"] is True
    [entry] = GroupedInbox(ann).page(10).items
    assert (entry["group_count"], entry["group_unread"], Inbox(ann).unread_count()) == (5, 4, 4)


def test_in_bulk() -> None:
    """A call that brings too many is a storm from its first; other kinds in it are not."""
    actions.create("before")
    actions.create_many([*({"title": str(n)} for n in range(5)), {"title": "other", "level": "error"}])
    found = dict(Notification.objects.values_list("title", "group_key"))
    assert found.pop("other") is None
    assert len(set(found.values())) == 1
    assert None not in found.values()


def test_it_ends_when_it_is_calm() -> None:
    """When none came for the time, the next one is an ordinary one, and a next storm has another key."""
    actions.create_many({"title": str(n)} for n in range(4))
    [first] = set(storm_keys())
    Notification.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert actions.create("later").group_key is None
    actions.create_many({"title": str(n)} for n in range(3))
    assert len(set(storm_keys())) == 2
    assert Notification.objects.get(title="later").group_key != first


def test_what_takes_no_part(settings: Any, ann: User) -> None:
    """Other audiences, levels and categories are counted apart; keyed, sensitive and old ones not at all."""
    settings.ENCRYPTION_KEYS = [keys.generate()]
    actions.create_many({"title": str(n), "group_key": "own"} for n in range(5))
    actions.create_many({"title": str(n), "sensitive": True} for n in range(5))
    old = timezone.now() - timedelta(days=1)
    actions.create_many({"title": str(n), "created_at": old} for n in range(5))
    actions.create_many([{"title": "a"}, {"title": "b", "user": ann}, {"title": "c", "category": "job"}])
    assert not Notification.objects.filter(group_key__startswith="storm:").exists()


def test_off(settings: Any) -> None:
    """Zero of either setting turns it off."""
    settings.NOTIFICATION_STORM_COUNT = 0
    actions.create_many({"title": str(n)} for n in range(9))
    assert set(storm_keys()) == {None}


def test_the_cost_does_not_grow() -> None:
    """Within a storm each creation takes as many queries as before it, and one look at so many rows at most."""
    with CaptureQueriesContext(connection) as calm:
        actions.create("calm")
    actions.create_many({"title": str(n)} for n in range(200))
    with CaptureQueriesContext(connection) as storm:
        actions.create("in the storm")
    assert len(storm) == len(calm)
    [look] = [
        query["sql"] for query in storm.captured_queries if '"kind" = ' in query["sql"] and "LIMIT 3" in query["sql"]
    ]
    assert "COUNT" not in look


@pytest.mark.django_db(transaction=True)
def test_several_at_once_are_one_storm(settings: Any) -> None:
    """Processes that create at the same time begin one storm, and one more of the kind takes the last strays along."""
    settings.NOTIFICATION_STORM_COUNT = 20
    begun = threading.Barrier(4)

    def writer() -> None:
        try:
            begun.wait(30)
            for number in range(20):
                actions.create(str(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=writer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    actions.create("one more")
    [key] = set(storm_keys())
    assert (key or "").startswith("storm:")
    assert Notification.objects.count() == 81
