"""Tests of what clients are told about notifications: the shape of each publication, and whom it is for."""

import pytest
from django.contrib.auth.models import Group, User

from notifications import actions, publications
from notifications.inbox import Inbox
from notifications.representation import represent
from realtime.audience import EVERYONE, for_group, for_user

pytestmark = pytest.mark.django_db


def test_opened(operators: Group) -> None:
    """What is opened is the whole object as unread and in the inbox, for its audience, with its version."""
    row = actions.create("t", group=operators)
    draft = publications.opened(row)
    own = {"read": False, "archived": False, "snoozed_until": None}
    assert draft.body == {"type": "notification", "action": "created", "data": {**represent(row), **own}}
    assert (draft.stream, draft.audience, draft.version) == ("notifications", for_group(operators.pk), 1)
    assert publications.opened(row, "updated").body["action"] == "updated"


def test_changed() -> None:
    """A change that leaves marks alone says nothing of `read`."""
    row = actions.create("t")
    assert publications.changed(row).body["data"] == represent(row)


def test_deleted() -> None:
    """A deletion carries the whole object too, as read: nobody has it to read any more."""
    row = actions.create("t")
    draft = publications.deleted(row)
    assert draft.body == {"type": "notification", "action": "deleted", "data": {**represent(row), "read": True}}
    assert (draft.audience, draft.version) == (EVERYONE, 1)


def test_marked(ann: User) -> None:
    """One user's mark is for that user alone, without a version, and with their count."""
    row = actions.create("t")
    item = Inbox(ann).view([row])[0]
    draft = publications.marked(ann.pk, row, item, "updated", 7)
    assert draft.body == {"type": "notification", "action": "updated", "data": item, "unread_count": 7}
    assert (draft.audience, draft.version) == (for_user(ann.pk), None)


def test_read_through(ann: User) -> None:
    """Mark-all-read is one message, and for older clients one for each item."""
    items = [{"id": "1", "read": True}, {"id": "2", "read": True}]
    draft = publications.read_through(ann.pk, 9, 0, items)
    assert draft.body["data"] == {"up_to": 9}
    assert (draft.audience, draft.version, draft.body["unread_count"]) == (for_user(ann.pk), None, 0)
    assert [(m["action"], m["data"], m["unread_count"]) for m in draft.legacy or ()] == [
        ("updated", item, 0) for item in items
    ]


def test_keys_have_no_hyphens() -> None:
    """The key of what is about one notification is its id as SQLite stores it."""
    row = actions.create("t")
    assert publications.opened(row).key == publications.key_of(row) == row.pk.hex
