"""Tests of the notifications topic: its snapshot, its summaries, its numbering and its upkeep."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Notification, Opening
from notifications.topics import NotificationTopic
from realtime import snapshots, topics
from tests.notifications.conftest import relay

pytestmark = pytest.mark.django_db


def topic() -> topics.Topic:
    """Return the topic as realtime finds it."""
    return topics.find("notifications")[0]


@pytest.mark.django_db(transaction=True)
def test_snapshot(ann: User, settings: Any) -> None:
    """The snapshot is read in one consistent read: the newest, both counts, and a cursor that REST goes on from."""
    settings.NOTIFICATION_SNAPSHOT_SIZE = 2
    for number in range(3):
        actions.create(str(number))
    [taken] = snapshots.take([(topic(), "")], ann)
    data = taken.data
    assert [item["title"] for item in data["notifications"]] == ["2", "1"]
    assert (data["total_count"], data["unread_count"]) == (3, 3)
    rest = Inbox(ann).page(2, cursor=data["next"])
    assert ([item["title"] for item in rest.items], rest.next) == (["0"], None)


def test_audiences_are_the_inbox(ann: User) -> None:
    """What a user is pushed and what they see is covered by the same audiences."""
    assert topic().audiences(ann) == Inbox(ann).audiences


def test_summaries(ann: User, bob: User) -> None:
    """Each user is told their own absolute count."""
    actions.create("Everyone's")
    actions.create("ann's", user=ann)
    assert topic().summaries([ann.pk, bob.pk]) == {
        ann.pk: {"type": "unread_count", "unread_count": 2},
        bob.pk: {"type": "unread_count", "unread_count": 1},
    }


def test_numbering(ann: User) -> None:
    """Numbering notes the last opening, whatever else the batch holds, and forgets what was deleted."""
    reopened, quiet, deleted = (actions.create(title) for title in "abc")
    actions.mark_read(ann, reopened.pk)
    actions.update(reopened.pk, message="again")
    actions.update(quiet.pk, message="typo", reopen=False)
    actions.delete_for_everyone([deleted.pk])
    relay()
    assert list(Opening.objects.order_by("offset").values_list("notification_id", "version", "offset")) == [
        (quiet.pk, 1, 2),
        (reopened.pk, 2, 5),
    ]


def test_upkeep() -> None:
    """The upkeep expires at each call, and prunes at the first one."""
    mine = NotificationTopic()
    actions.create("Due", expires_at=timezone.now() - timedelta(seconds=1))
    old = actions.create("Old")
    Notification.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=31))
    mine.upkeep()
    assert Notification.objects.filter(deleted_at=None).count() == 0
    assert not Notification.objects.filter(pk=old.pk).exists()
    actions.create("Due too", expires_at=timezone.now() - timedelta(seconds=1))
    mine.upkeep()
    assert Notification.objects.filter(deleted_at=None).count() == 0
