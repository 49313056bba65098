"""Tests of deleting, restoring, expiring and pruning."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Notification, Receipt
from realtime.audience import for_user
from tests.notifications.conftest import published, seen

pytestmark = pytest.mark.django_db


def test_delete_with_permission_is_for_everyone(ann: User, bob: User) -> None:
    """Whoever has the permission deletes for everyone, softly, with a version for the tombstone."""
    ann.user_permissions.add(Permission.objects.get(codename="delete_notification"))
    row = actions.create("Shared")
    actions.delete(User.objects.get(pk=ann.pk), row.pk)
    assert seen(ann) == seen(bob) == {}
    assert (published()[-1]["action"], published()[-1]["at"]) == ("deleted", 2)


def test_delete_without_permission_dismisses(ann: User, bob: User) -> None:
    """Without it, it goes from that user's list alone, and only they hear of it; a re-opening brings it back."""
    row = actions.create("Shared")
    actions.delete(ann, row.pk)
    message = published()[-1]
    assert (message["action"], message["to"], message["at"]) == ("deleted", for_user(ann.pk), None)
    assert message["unread_count"] == 0
    assert seen(ann) == {}
    assert seen(bob) == {"Shared": False}
    assert (Inbox(ann).total_count(), Inbox(bob).total_count()) == (0, 1)
    actions.update(row.pk, message="again")
    assert seen(ann) == {"Shared": False}


def test_nobody_acts_on_what_they_may_not_see(ann: User, bob: User, root: User) -> None:
    """What is another user's is not there: for a superuser neither."""
    row = actions.create("bob's", user=bob)
    for user in (ann, root):
        for act in (actions.mark_read, actions.mark_unread, actions.dismiss, actions.delete, actions.restore):
            with pytest.raises(Notification.DoesNotExist):
                act(user, row.pk)
    assert Receipt.objects.count() == 0


def test_restore_for_everyone(ann: User, root: User) -> None:
    """A deleted one comes back as unread, in a version after its tombstone; that needs the permission."""
    row = actions.create("Back", dedup_key="k")
    actions.delete(root, row.pk)
    with pytest.raises(Notification.DoesNotExist):
        actions.restore(ann, row.pk)
    assert actions.restore(root, row.pk)["version"] == 3
    assert seen(ann) == {"Back": False}
    message = published()[-1]
    assert (message["action"], message["at"], message["data"]["read"]) == ("created", 3, False)


def test_restore_gives_up_a_taken_key(root: User) -> None:
    """A key that another one took meanwhile stays with that one."""
    row = actions.create("First", dedup_key="k")
    actions.delete(root, row.pk)
    actions.create("Second", dedup_key="k")
    assert actions.restore(root, row.pk)["dedup_key"] is None


def test_restore_of_a_dismissal(ann: User) -> None:
    """A dismissal is undone for that user alone, as read as it was, with a version after the tombstone."""
    row = actions.create("Mine")
    actions.mark_read(ann, row.pk)
    actions.delete(ann, row.pk)
    tombstone = published()[-1]["data"]["version"]
    assert actions.restore(ann, row.pk)["read"] is True
    message = published()[-1]
    assert (message["action"], message["to"], message["at"]) == ("created", for_user(ann.pk), None)
    assert message["data"]["read"] is True
    assert message["data"]["version"] > tombstone
    assert seen(ann) == {"Mine": True}


def test_restore_of_what_is_there(ann: User) -> None:
    """Restoring what was never away changes nothing."""
    row = actions.create("Here")
    assert actions.restore(ann, row.pk)["version"] == 1
    assert len(published()) == 1


def test_expire(ann: User) -> None:
    """What is due is deleted for everyone, and what is not stays; with nothing due one query is all."""
    now = timezone.now()
    actions.create("Due", expires_at=now - timedelta(seconds=1))
    actions.create("Later", expires_at=now + timedelta(hours=1))
    assert actions.expire() == 1
    assert seen(ann) == {"Later": False}
    assert published()[-1]["action"] == "deleted"
    with CaptureQueriesContext(connection) as queries:
        assert actions.expire() == 0
    assert len(queries) == 1


def test_prune(ann: User) -> None:
    """After 30 days without a change a row goes for good; one that was deleted before is not published again."""
    old = timezone.now() - timedelta(days=31)
    rows = [actions.create(title) for title in ("Old", "Old and deleted", "Old but changed")]
    actions.mark_read(ann, rows[0].pk)
    actions.delete_for_everyone([rows[1].pk])
    Notification.objects.update(created_at=old, updated_at=old)
    actions.update(rows[2].pk, message="still going on")
    before = len(published())
    assert actions.prune() == 2
    assert actions.prune() == 0
    assert seen(ann) == {"Old but changed": False}
    assert [m["data"]["title"] for m in published()[before:]] == ["Old"]
    assert Receipt.objects.count() == 0
