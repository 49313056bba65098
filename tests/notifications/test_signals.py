"""Tests of what follows a change by itself: its publication, and where new accounts and members start to read."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from notifications import actions, signals
from notifications.models import Notification, ReadMark
from realtime.audience import for_group, for_user
from tests.notifications.conftest import published, relay, seen

pytestmark = pytest.mark.django_db


def test_create_publishes(ann: User) -> None:
    """A plain objects.create() from anyone's code is published to its audience, as unread."""
    Notification.objects.create(title="For ann", user=ann)
    message = published()[0]
    assert message["action"] == "created"
    assert message["to"] == for_user(ann.pk)
    assert message["data"]["title"] == "For ann"
    assert message["data"]["read"] is False
    assert message["data"]["version"] == message["at"] == 1


@pytest.mark.django_db(transaction=True)
def test_rollback_publishes_nothing() -> None:
    """What is rolled back was never published."""
    with transaction.atomic():
        Notification.objects.create(title="Never")
        transaction.set_rollback(True)
    assert published() == []


def test_publishes_the_row_and_not_the_instance() -> None:
    """Two partial updates of stale instances and an expression leave clients with what the database holds."""
    first = Notification.objects.create(title="Old", message="old")
    second = Notification.objects.get(pk=first.pk)
    first.title = "New"
    first.save(update_fields=["title"])
    second.message = Concat(F("message"), Value("er"))  # type: ignore[assignment]
    second.save(update_fields=["message"])
    data = published()[-1]["data"]
    assert (data["title"], data["message"], data["version"]) == ("New", "older", 3)


def test_delete_publishes() -> None:
    """A plain delete() is published once, with a version after the last, even from a stale instance."""
    stale = Notification.objects.create(title="Gone")
    Notification.objects.get(pk=stale.pk).save()
    stale.delete()
    assert [(m["action"], m["at"]) for m in published()] == [("created", 1), ("updated", 2), ("deleted", 3)]


def test_queryset_delete_publishes() -> None:
    """A bulk delete of a queryset is published for each row."""
    for number in range(3):
        Notification.objects.create(title=str(number))
    Notification.objects.all().delete()
    assert [m["action"] for m in published()] == ["created"] * 3 + ["deleted"] * 3


def test_audience_goes_with_its_owner(ann: User, operators: Group) -> None:
    """Deleting a user or a user group deletes what was only theirs, and publishes that."""
    Notification.objects.create(title="ann's", user=ann)
    Notification.objects.create(title="theirs", group=operators)
    audiences = [for_user(ann.pk), for_group(operators.pk)]
    ann.delete()
    operators.delete()
    assert [(m["action"], m["to"]) for m in published()[2:]] == [("deleted", name) for name in audiences]


def test_new_accounts_have_read_the_past() -> None:
    """A new account's mark covers everything so far, also what has no offset yet."""
    Notification.objects.create(title="Numbered")
    relay()
    Notification.objects.create(title="Pending")
    assert ReadMark.objects.get(user=User.objects.create_user("new")).offset == 2


def test_new_members_have_read_the_past(ann: User, bob: User, operators: Group) -> None:
    """New members of a user group start with its notifications so far as read, from whichever side they were added."""
    actions.create("Before", group=operators)
    relay()
    ann.groups.add(operators)
    operators.user_set.add(bob)
    actions.create("After", group=operators)
    relay()
    for user in (ann, bob):
        assert seen(user) == {"Before": True, "After": False}


def test_connecting_twice_publishes_once() -> None:
    """The handlers may be connected again; each change is still published once."""
    signals.connect()
    Notification.objects.create(title="Once")
    assert len(published()) == 1
