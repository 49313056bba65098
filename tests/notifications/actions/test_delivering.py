"""Tests of what comes by the clock: scheduled notifications, and the ends of snoozes."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Notification, Receipt
from notifications.scheduled import Schedule
from realtime import snapshots, topics
from realtime.audience import for_user
from tests.notifications.conftest import published, relay, seen

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def later(hours: int = 1) -> datetime:
    return timezone.now() + hours * HOUR


def titles() -> list[str]:
    return [message["data"]["title"] for message in published()]


def codes(error: ValidationError) -> dict[str, str | None]:
    return {name: errors[0].code for name, errors in error.error_dict.items()}


def test_nobody_is_told_before(ann: User, root: User) -> None:
    """What is scheduled is in no list, count, snapshot or push, and nobody can do anything with it."""
    row = actions.create("Later", deliver_at=later())
    [item] = actions.create_many([{"title": "Also", "deliver_at": later()}])
    topic = topics.find("notifications")[0]
    for user in (ann, root):
        assert (seen(user), [*Inbox(user).tabs().values()]) == ({}, [0] * 5)
        assert topic.snapshot(user, "")["total_count"] == 0
        for act in (actions.mark_read, actions.archive, actions.dismiss, actions.delete, actions.restore):
            with pytest.raises(Notification.DoesNotExist):
                act(user, row.pk)
    actions.update(row.pk, message="changed")
    actions.delete_for_everyone([item.pk])
    Notification.objects.create(title="Plain", deliver_at=later()).delete()
    assert published() == []
    assert actions.deliver() == 0


def test_delivered(ann: User) -> None:
    """At its time it is created, for everyone and once: its time is that of the delivery, its version a new one."""
    row = actions.create("Later", deliver_at=later())
    actions.create("Now")
    with CaptureQueriesContext(connection) as queries:
        assert actions.deliver() == 0
    assert len(queries) == 1
    moment = later(2)
    assert (actions.deliver(moment), actions.deliver(moment)) == (1, 0)
    [message] = published()[1:]
    assert (message["action"], message["to"], message["at"]) == ("created", "everyone", 2)
    assert (message["data"]["read"], "deliver_at" in message["data"]) == (False, False)
    row.refresh_from_db()
    assert (row.created_at, row.deliver_at, row.opened_version) == (moment, None, 2)
    assert list(seen(ann).items()) == [("Later", False), ("Now", False)]
    relay()
    assert Inbox(ann).find(row.pk)["offset"] == 2


def test_in_the_order_of_their_times() -> None:
    """Many that are due at once come in their order, 500 in a transaction, and all in one turn of the upkeep."""
    start = timezone.now()
    for at in range(0, 1_200, 600):
        actions.create_many(
            {"title": str(number), "deliver_at": start + HOUR + timedelta(seconds=1_200 - number)}
            for number in range(at, at + 600)
        )
    moments = (start + 2 * HOUR + timedelta(seconds=turn) for turn in range(3))
    assert actions.all_due(lambda: actions.deliver(next(moments)), clock=lambda: 0.0) == 1_200
    assert titles() == [str(number) for number in reversed(range(1_200))]
    newest = Notification.objects.values_list("title", flat=True)
    assert [*newest[:3], newest.count()] == ["0", "1", "2", 1_200]


def test_those_of_one_moment_come_as_they_were_written() -> None:
    """What is scheduled for the same time keeps its order."""
    moment = later()
    actions.create_many({"title": str(number), "deliver_at": moment} for number in range(20))
    actions.deliver(moment)
    assert titles() == [str(number) for number in range(20)]
    assert list(Notification.objects.values_list("title", flat=True)) == [str(number) for number in reversed(range(20))]


def test_a_turn_ends_after_a_while() -> None:
    """However many are due, the upkeep's other work has its turn."""
    clock = iter([0.0, 1.0, 2.0, 6.0])
    assert actions.all_due(lambda: 500, clock=lambda: next(clock)) == 1_500


def test_a_key_while_scheduled(ann: User) -> None:
    """What is scheduled does not hold its key; delivered it takes the place of the live one, for the whole audience."""
    live = actions.create("Live", dedup_key="k")
    first = actions.upsert("k", "Later", deliver_at=later())
    assert actions.upsert("k", "Later still", deliver_at=later(2)).pk == first.pk
    assert actions.upsert("k", "Live again").pk == live.pk
    with pytest.raises(ValidationError) as caught:
        actions.create("Another", dedup_key="k", deliver_at=later())
    assert codes(caught.value) == {"dedup_key": "unique"}
    assert actions.deliver(later(3)) == 1
    assert seen(ann) == {"Later still": False}
    assert [message["action"] for message in published()[-2:]] == ["deleted", "created"]
    assert actions.upsert("k", "On it goes").pk == first.pk


def test_a_sensitive_one(ann: User, settings: Any) -> None:
    """What is encrypted is delivered without being read, and finds the live one with its key all the same."""
    settings.ENCRYPTION_KEYS = [base64.b64encode(b"k" * 32).decode()]
    actions.create("Live", dedup_key="k", sensitive=True)
    row = actions.create("Secret", dedup_key="k", sensitive=True, deliver_at=later())
    assert actions.deliver(later(2)) == 1
    assert [item["id"] for item in Inbox(ann).page(9).items] == [str(row.pk)]
    assert Inbox(ann).disclose(row.pk)["title"] == "Secret"


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({"deliver_at": datetime(2020, 1, 1, tzinfo=UTC)}, {"deliver_at": "past"}),
        ({"deliver_at": datetime(2999, 1, 1, tzinfo=UTC)}, {"deliver_at": "too_far"}),
        ({"deliver_at": datetime(2999, 1, 1)}, {"deliver_at": "naive"}),  # noqa: DTZ001  It is what is refused.
    ],
)
def test_bad_times(contents: Any, expected: dict[str, str]) -> None:
    """A time that has passed, is far away, or says no zone is refused, and named."""
    with pytest.raises(ValidationError) as caught:
        actions.create("x", **contents)
    assert codes(caught.value) == expected
    with pytest.raises(ValidationError) as caught:
        actions.create_many([{"title": "x"}, {"title": "x", **contents}])
    assert codes(caught.value) == {f"1.{name}": code for name, code in expected.items()}
    assert not Notification.objects.exists()


def test_an_end_before_the_beginning() -> None:
    """What would expire before it is delivered is refused, at creation and by a change."""
    with pytest.raises(ValidationError) as caught:
        actions.create("x", deliver_at=later(2), expires_at=later())
    assert codes(caught.value) == {"expires_at": "before_delivery"}
    row = actions.create("x", deliver_at=later(), expires_at=later(2))
    with pytest.raises(ValidationError):
        actions.update(row.pk, deliver_at=later(3))


def test_expired_while_no_server_ran(ann: User) -> None:
    """What expired before anyone could be told of it is told to nobody."""
    row = actions.create("x", deliver_at=later(), expires_at=later(2))
    past = timezone.now() - HOUR
    Notification.objects.filter(pk=row.pk).update(deliver_at=past, expires_at=past + timedelta(minutes=1))
    topics.find("notifications")[0].upkeep()
    assert (published(), seen(ann)) == ([], {})


def test_changed_and_delivered_at_once(ann: User) -> None:
    """Another time moves it; none delivers it now; what was delivered cannot be scheduled any more."""
    actions.create("Live", dedup_key="k")
    row = actions.create("x", dedup_key="k", deliver_at=later())
    actions.update(row.pk, deliver_at=later(5))
    assert actions.deliver(later(2)) == 0
    actions.update(row.pk, deliver_at=None)
    assert (seen(ann), published()[-1]["action"]) == ({"x": False}, "created")
    with pytest.raises(ValidationError) as caught:
        actions.update(row.pk, deliver_at=later())
    assert codes(caught.value) == {"deliver_at": "delivered"}


def test_cancelled_and_restored(ann: User) -> None:
    """Cancelled it is never delivered; restored it is scheduled again."""
    row = actions.create("x", deliver_at=later())
    actions.cancel(row.pk)
    assert actions.deliver(later(2)) == 0
    with pytest.raises(Notification.DoesNotExist):
        actions.cancel(row.pk)
    assert actions.restore_for_everyone([row.pk]) == 1
    assert published() == []
    assert actions.deliver(later(2)) == 1
    assert seen(ann) == {"x": False}


def test_far_ahead_is_not_pruned() -> None:
    """What is scheduled for later than 30 days from now is there then."""
    actions.create("x", deliver_at=timezone.now() + timedelta(days=300))
    Notification.objects.update(updated_at=timezone.now() - timedelta(days=31))
    assert actions.prune() == 0


def test_who_may_see_what_is_scheduled(ann: User, bob: User, root: User) -> None:
    """Those who may create: what they wrote, and what their own audiences will get."""
    for title, contents in (("by root", {"created_by": root, "user": bob}), ("to all", {}), ("to bob", {"user": bob})):
        actions.create(title, deliver_at=later(), **contents)  # type: ignore[arg-type]
    shown = {user.username: {row.title for row in Schedule(user).visible()} for user in (ann, bob, root)}
    assert shown == {"ann": set(), "bob": set(), "root": {"by root", "to all"}}


def test_woken(ann: User, bob: User) -> None:
    """At its time a snoozed one is back, unread, for that user alone, and their clients are told; an archive ends."""
    row = actions.create("x")
    relay()
    actions.mark_all_read(ann)
    actions.archive(ann, row.pk)
    actions.snooze(ann, row.pk, later())
    actions.snooze(bob, row.pk, later(5))
    before = len(published())
    assert (actions.wake(), actions.wake(later(2)), actions.wake(later(2))) == (0, 1, 0)
    [message] = published()[before:]
    assert (message["action"], message["to"], message["unread_count"]) == ("updated", for_user(ann.pk), 1)
    marks = {name: message["data"][name] for name in ("read", "archived", "snoozed_until")}
    assert marks == {"read": False, "archived": False, "snoozed_until": None}
    assert (seen(ann), seen(bob)) == ({"x": False}, {})


def test_woken_together() -> None:
    """Many users' snoozes that are due at once take a few queries, and each hears of their own, with their count."""
    row, other = actions.create("x"), actions.create("y")
    users = User.objects.bulk_create([User(username=f"u{number}") for number in range(60)])
    for user in users:
        actions.snooze(user, row.pk, later())
    actions.mark_read(users[0], other.pk)
    before = len(published())
    with CaptureQueriesContext(connection) as queries:
        assert actions.wake(later(2)) == 60
    assert len(queries) <= 25
    told = {message["to"]: message["unread_count"] for message in published()[before:]}
    assert told == {for_user(user.pk): 1 if user is users[0] else 2 for user in users}


def test_what_is_gone_wakes_nobody(ann: User, operators: Group) -> None:
    """Of what was deleted, dismissed, left with the group, or opened again meanwhile nobody is told; all alarms end."""
    operators.user_set.add(ann)
    rows = [actions.create(title) for title in ("deleted", "dismissed", "opened")]
    rows.append(actions.create("left", group=operators))
    for row in rows:
        actions.snooze(ann, row.pk, later())
    actions.delete_for_everyone([rows[0].pk])
    actions.dismiss(ann, rows[1].pk)
    actions.update(rows[2].pk, message="again")
    actions.mark_read(ann, rows[2].pk)
    operators.user_set.remove(ann)
    before = len(published())
    assert actions.wake(later(2)) == 4
    assert len(published()) == before
    assert not Receipt.objects.filter(snoozed_until__isnull=False).exists()
    assert seen(ann) == {"opened": True}
    actions.restore(ann, rows[1].pk)
    assert seen(ann) == {"opened": True, "dismissed": False}


@pytest.mark.django_db(transaction=True)
def test_snapshots_agree(ann: User) -> None:
    """What a connection is sent at its start leaves out what is away, also where it is made for many at once."""
    rows = [actions.create(str(number)) for number in range(4)]
    relay()
    actions.archive(ann, rows[0].pk)
    actions.snooze(ann, rows[1].pk, later())
    actions.save(ann, rows[2].pk)
    [taken] = snapshots.take([(topics.find("notifications")[0], "")], User.objects.get(pk=ann.pk))
    shown = [(item["title"], item["saved"]) for item in taken.data["notifications"]]
    assert (shown, taken.data["total_count"], taken.data["unread_count"]) == ([("3", False), ("2", True)], 2, 2)
