"""Tests of read, unread and all read: each user's own, and what is published of them."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Receipt
from realtime.audience import for_user
from realtime.models import Publication
from tests.notifications.conftest import published, relay

pytestmark = pytest.mark.django_db


def reads(user: User) -> dict[str, bool]:
    """Return title → read, and make sure that the count agrees."""
    found = {item["title"]: item["read"] for item in Inbox(user).page(200).items}
    assert Inbox(user).unread_count() == list(found.values()).count(False)
    return found


def test_read_is_each_users_own(ann: User, bob: User) -> None:
    """What ann read bob has not; only ann's clients hear of it, with the full object, the version and the count."""
    row = actions.create("Shared")
    actions.create("Another")
    item = actions.mark_read(ann, row.pk)
    assert reads(ann) == {"Another": False, "Shared": True}
    assert reads(bob) == {"Another": False, "Shared": False}
    message = published()[-1]
    assert (message["action"], message["to"], message["at"]) == ("updated", for_user(ann.pk), None)
    assert message["data"] == item
    assert (message["data"]["read"], message["data"]["version"], message["unread_count"]) == (True, 1, 1)


def test_reading_twice_is_said_once(ann: User) -> None:
    """A mark that changes nothing publishes nothing."""
    row = actions.create("Once")
    actions.mark_read(ann, row.pk)
    before = len(published())
    actions.mark_read(ann, row.pk)
    assert len(published()) == before


def test_reading_an_older_version(ann: User) -> None:
    """Who read a version that was re-opened since has not read it; one that was quietly changed they have."""
    row = actions.create("Disk")
    actions.update(row.pk, message="fuller")
    assert actions.mark_read(ann, row.pk, version=1)["read"] is False
    actions.update(row.pk, message="typo", reopen=False)
    assert actions.mark_read(ann, row.pk, version=2)["read"] is True


def test_unread(ann: User) -> None:
    """What is marked as unread stays so when all-read had covered it, and until all-read covers it again."""
    row = actions.create("Later")
    relay()
    actions.mark_all_read(ann)
    assert reads(ann) == {"Later": True}
    actions.mark_unread(ann, row.pk)
    assert reads(ann) == {"Later": False}
    message = published()[-1]
    assert (message["data"]["read"], message["unread_count"], message["to"]) == (False, 1, for_user(ann.pk))
    actions.mark_all_read(ann, up_to=0)
    assert reads(ann) == {"Later": False}
    assert actions.mark_all_read(ann).count == 1
    assert reads(ann) == {"Later": True}


def test_unread_after_read(ann: User) -> None:
    """Read and then unread is unread."""
    row = actions.create("Back")
    actions.mark_read(ann, row.pk)
    actions.mark_unread(ann, row.pk)
    assert reads(ann) == {"Back": False}


def test_all_read_leaves_what_nobody_has_seen(ann: User) -> None:
    """What has no offset yet nobody has seen: all-read leaves it unread, and so do its numbering and a re-opening."""
    first = actions.create("Seen")
    relay()
    actions.create("Pending")
    done = actions.mark_all_read(ann)
    assert (done.count, done.up_to, done.unread_count) == (1, 1, 1)
    assert reads(ann) == {"Pending": False, "Seen": True}
    relay()
    assert reads(ann) == {"Pending": False, "Seen": True}
    actions.update(first.pk, message="again")
    assert reads(ann) == {"Pending": False, "Seen": False}


def test_all_read_up_to(ann: User) -> None:
    """`up_to` reads only what was opened up to there; beyond the head it is an error, and the mark never goes back."""
    for number in range(1, 4):
        actions.create(str(number))
    relay()
    assert actions.mark_all_read(ann, up_to=2).count == 2
    assert reads(ann) == {"3": False, "2": True, "1": True}
    with pytest.raises(ValidationError) as caught:
        actions.mark_all_read(ann, up_to=99)
    assert list(caught.value.message_dict) == ["up_to"]
    actions.mark_all_read(ann, up_to=0)
    assert reads(ann) == {"3": False, "2": True, "1": True}


def test_all_read_is_one_message(ann: User) -> None:
    """It is one publication; clients that do not know it get one `updated` for each of the newest 100 that changed."""
    actions.create_many({"title": str(number)} for number in range(120))
    relay()
    actions.mark_all_read(ann)
    message = published()[-1]
    assert (message["action"], message["to"], message["at"]) == ("read_through", for_user(ann.pk), None)
    assert message["data"] == {"up_to": 120}
    assert message["unread_count"] == 0
    legacy: list[dict[str, Any]] = json.loads(Publication.objects.order_by("-id")[0].legacy or "")
    assert len(legacy) == 100
    assert legacy[0]["data"]["title"] == "119"
    assert all((m["action"], m["data"]["read"], m["unread_count"]) == ("updated", True, 0) for m in legacy)


def test_all_read_writes_one_row(ann: User) -> None:
    """However many there are, it writes the mark and the publication, and no receipts."""
    counts = []
    for _ in range(2):
        actions.create_many({"title": str(number)} for number in range(200))
        relay()
        with CaptureQueriesContext(connection) as queries:
            actions.mark_all_read(ann)
        counts.append(len(queries))
    assert counts[0] == counts[1] < 25
    assert Receipt.objects.count() == 0


def test_all_read_with_nothing_to_do(ann: User) -> None:
    """Where nothing changes nothing is published."""
    relay()
    assert actions.mark_all_read(ann).count == 0
    assert published() == []


def test_new_members_have_read_the_past(ann: User, bob: User, operators: Group) -> None:
    """Who joins a user group, by whichever side, starts with its older notifications read, and gets new ones unread."""
    actions.create("Before", group=operators)
    actions.create("Everyone's")
    ann.groups.add(operators)
    operators.user_set.set([ann, bob])
    relay()
    actions.create("After", group=operators)
    for user in (ann, bob):
        assert reads(user) == {"After": False, "Everyone's": False, "Before": True}


def test_membership_ends(ann: User, operators: Group) -> None:
    """Who left a user group sees none of its notifications, and who comes back has read what they missed."""
    ann.groups.add(operators)
    actions.create("Before", group=operators)
    ann.groups.clear()
    assert reads(ann) == {}
    actions.create("Meanwhile", group=operators)
    relay()
    ann.groups.set([operators])
    assert reads(ann) == {"Meanwhile": True, "Before": True}
