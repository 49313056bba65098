"""Tests of what is kept between snapshots: it must say what a fresh reading says, and cost less."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Notification
from realtime import history, snapshots, topics
from tests.notifications.conftest import relay

pytestmark = pytest.mark.django_db(transaction=True)


def taken(user: User) -> dict[str, Any]:
    """Return the snapshot's data for *user*, as a new connection gets it."""
    [snapshot] = snapshots.take([(topics.find("notifications")[0], "")], User.objects.get(pk=user.pk))
    return snapshot.data


def without_versions(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out the versions: one that another user's undone dismissal has moved may be older in what is kept."""
    notes = [{name: value for name, value in note.items() if name != "version"} for note in data["notifications"]]
    return {**data, "notifications": notes}


def fresh(user: User, limit: int) -> dict[str, Any]:
    """Return what a reading without anything kept says."""
    inbox = Inbox(User.objects.get(pk=user.pk))
    page = inbox.page(limit)
    return {
        "notifications": page.items,
        "unread_count": inbox.unread_count(),
        "total_count": inbox.total_count(),
        "next": page.next,
    }


@pytest.mark.parametrize("seed", range(6))
def test_what_is_kept_says_what_a_fresh_reading_says(
    seed: int, ann: User, bob: User, operators: Group, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is written, marked, put away, dismissed, deleted, restored and numbered in between, and by whomever."""
    settings.NOTIFICATION_SNAPSHOT_SIZE = 5
    monkeypatch.setattr("notifications.recent.SPARE", 2)
    monkeypatch.setattr("notifications.states.SPARE", 2)
    ann.groups.add(operators)
    chance = random.Random(seed)
    for _ in range(120):
        ids = list(Notification.objects.values_list("pk", flat=True))
        pk, user = chance.choice(ids) if ids else None, chance.choice([ann, bob])
        step = chance.randrange(11)
        try:
            if step < 3 or pk is None:
                actions.create(f"{chance.random()}", **chance.choice([{}, {"user": ann}, {"group": operators}]))
            elif step == 3:
                relay()
            elif step == 9:
                actions.snooze(user, pk, timezone.now() + timedelta(hours=chance.randint(1, 9)))
                actions.wake(timezone.now() + timedelta(hours=chance.randint(0, 9)))
            elif step == 10:
                chance.choice([actions.archive, actions.unarchive, actions.save, actions.unsave])(user, pk)
            else:
                work = [actions.mark_read, actions.mark_unread, actions.delete, actions.restore][step % 4]
                work(user, pk)
        except Notification.DoesNotExist:
            pass
        if step == 8:
            actions.mark_all_read(user)
        for reader in (ann, bob):
            assert without_versions(taken(reader)) == without_versions(fresh(reader, 5))


def test_a_second_connection_reads_no_notification_again(ann: User, bob: User) -> None:
    """Who connects when nothing was published since shares what was read for another; a publication ends that."""
    actions.create("one")
    relay()
    taken(ann)
    taken(bob)
    rows = '"notifications_notification"."message"'
    with CaptureQueriesContext(connection) as queries:
        taken(bob)
    assert not [query["sql"] for query in queries if rows in query["sql"]]
    actions.create("two")
    with CaptureQueriesContext(connection) as queries:
        assert len(taken(bob)["notifications"]) == 2
    assert [query["sql"] for query in queries if rows in query["sql"]]


def test_a_publication_for_others_ends_nothing(ann: User, bob: User) -> None:
    """What one user gets leaves what is kept for another as it is."""
    actions.create("everyone's")
    relay()
    taken(bob)
    actions.create("ann's", user=ann)
    relay()
    with CaptureQueriesContext(connection) as queries:
        taken(bob)
    assert not [query["sql"] for query in queries if '"notifications_notification"."message"' in query["sql"]]


def test_a_new_epoch_ends_everything(ann: User) -> None:
    """After a restored backup nothing that was kept before is shown."""
    actions.create("one")
    relay()
    assert len(taken(ann)["notifications"]) == 1
    Notification.objects.all()._raw_delete(Notification.objects.db)  # Past every signal, as a restored backup.
    history.renew_epoch("notifications")
    assert taken(ann)["notifications"] == []


def test_an_undone_dismissal_shows_the_version_that_it_made(bob: User) -> None:
    """The user's clients hold a tombstone with the version of before, so a snapshot must not say that one again."""
    pk = actions.create("one").pk
    relay()
    taken(bob)
    actions.delete(bob, pk)
    actions.restore(bob, pk)
    relay()
    assert taken(bob) == fresh(bob, 100)


def test_many_together_see_what_each_sees_alone(ann: User, bob: User, operators: Group) -> None:
    """Users of one round who differ in groups, marks and receipts get what they would get by themselves."""
    cleo, dan = (User.objects.create(username=name) for name in ("cleo", "dan"))
    shown = [actions.create(f"{number}") for number in range(4)]
    actions.create("the group's", group=operators)
    actions.create("cleo's", user=cleo)
    relay()
    operators.user_set.add(dan)
    actions.mark_all_read(bob)
    actions.mark_read(ann, shown[1].pk)
    relay()
    actions.create("newer")
    users = [User.objects.get(pk=user.pk) for user in (ann, bob, cleo, dan)]
    together = snapshots.take_for([(topics.find("notifications")[0], "", users)])
    assert [together[user.pk][0].data for user in users] == [fresh(user, 100) for user in users]
