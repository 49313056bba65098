"""Tests of what one user archives, saves and snoozes: where it is, what is told, and that nobody else sees it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import actions
from notifications.actions import many
from notifications.actions import placing as places
from notifications.filters import Filter
from notifications.inbox import Inbox
from notifications.models import Notification, Receipt
from realtime.audience import for_user
from realtime.models import Publication
from tests.notifications.conftest import published, relay, seen

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def later() -> datetime:
    return timezone.now() + HOUR


def there(user: User, **wanted: bool) -> list[str]:
    """Return the titles of what *user* keeps in a place."""
    return [item["title"] for item in Inbox(user).page(200, wanted=Filter(**wanted)).items]


def tabs(user: User) -> list[int]:
    return [*Inbox(user).tabs().values()]


def test_archived(ann: User, bob: User) -> None:
    """It leaves the inbox and its counts, unread as it was, for that user alone; undone it is back as it was."""
    row = actions.create("x")
    actions.create("y")
    item = actions.archive(ann, row.pk)
    assert (item["archived"], item["read"]) == (True, False)
    assert (seen(ann), there(ann, archived=True)) == ({"y": False}, ["x"])
    assert tabs(ann) == [1, 1, 0, 0, 1]
    assert (seen(bob), tabs(bob)) == ({"y": False, "x": False}, [2, 2, 0, 0, 0])
    message = published()[-1]
    assert (message["action"], message["to"], message["unread_count"]) == ("updated", for_user(ann.pk), 1)
    assert message["data"]["archived"] is True
    assert actions.unarchive(ann, row.pk)["archived"] is False
    assert (seen(ann), tabs(ann)) == ({"y": False, "x": False}, [2, 2, 0, 0, 0])


def test_nothing_is_told_twice(ann: User) -> None:
    """Whatever is so already changes nothing and publishes nothing."""
    row, until = actions.create("x"), later()
    for do, undo in (
        (actions.archive, actions.unarchive),
        (actions.save, actions.unsave),
        (lambda user, pk: actions.snooze(user, pk, until), actions.unsnooze),
    ):
        undo(ann, row.pk)
        do(ann, row.pk)
        do(ann, row.pk)
        undo(ann, row.pk)
        undo(ann, row.pk)
    assert len(published()) == 1 + 3 * 2


def test_snoozed(ann: User, bob: User) -> None:
    """It leaves the inbox; taken back by hand it is as read as it was, and in the archive if it was there."""
    row, until = actions.create("x"), later()
    actions.mark_read(ann, row.pk)
    assert actions.snooze(ann, row.pk, until)["snoozed_until"] == until.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert (seen(ann), there(ann, snoozed=True), seen(bob)) == ({}, ["x"], {"x": False})
    assert actions.unsnooze(ann, row.pk)["read"] is True
    assert (seen(ann), tabs(ann)) == ({"x": True}, [1, 0, 0, 0, 0])
    actions.archive(ann, row.pk)
    actions.snooze(ann, row.pk, until)
    assert actions.unsnooze(ann, row.pk)["archived"] is True


def test_archiving_ends_a_snooze(ann: User) -> None:
    """What is done with does not come back."""
    row = actions.create("x")
    actions.snooze(ann, row.pk, later())
    assert actions.archive(ann, row.pk)["snoozed_until"] is None
    assert actions.wake(timezone.now() + 2 * HOUR) == 0
    assert there(ann, archived=True) == ["x"]


def test_saved_stays(ann: User) -> None:
    """Saved is a place beside the others: what is archived, snoozed or opened again is saved still."""
    row = actions.create("x")
    assert actions.save(ann, row.pk)["saved"] is True
    assert tabs(ann) == [1, 1, 1, 0, 0]
    actions.archive(ann, row.pk)
    assert there(ann, saved=True) == ["x"]
    actions.snooze(ann, row.pk, later())
    actions.update(row.pk, message="again")
    assert Inbox(ann).find(row.pk)["saved"] is True
    assert tabs(ann) == [1, 1, 1, 0, 0]
    assert "saved" not in published()[-1]["data"]
    assert actions.unsave(ann, row.pk)["saved"] is False
    actions.save(ann, row.pk)
    actions.dismiss(ann, row.pk)
    assert there(ann, saved=True) == []


@pytest.mark.parametrize("put_away", [actions.archive, lambda user, pk: actions.snooze(user, pk, later())])
def test_opening_again_ends_it(ann: User, put_away: Callable[[User, Any], object]) -> None:
    """A change that opens a notification again brings it back to everyone's inbox; a quiet one does not."""
    row = actions.create("x")
    put_away(ann, row.pk)
    actions.update(row.pk, message="typo", reopen=False)
    assert seen(ann) == {}
    actions.update(row.pk, message="again")
    assert (seen(ann), tabs(ann)) == ({"x": False}, [1, 1, 0, 0, 0])
    opened = published()[-1]["data"]
    assert (opened["archived"], opened["snoozed_until"], opened["read"]) == (False, None, False)
    assert actions.wake(timezone.now() + 2 * HOUR) <= 1  # The old alarm.
    assert seen(ann) == {"x": False}
    assert published()[-1]["data"] == opened


def test_the_seen_version(ann: User) -> None:
    """Who archives what they saw leaves alone what was opened again since."""
    row = actions.create("x")
    actions.update(row.pk, message="again")
    assert actions.archive(ann, row.pk, version=1)["archived"] is False
    assert actions.archive(ann, row.pk, version=2)["archived"] is True


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (datetime(2020, 1, 1, tzinfo=UTC), "past"),
        (datetime(2999, 1, 1, tzinfo=UTC), "too_far"),
        (datetime(2999, 1, 1), "naive"),  # noqa: DTZ001  It is what is refused.
    ],
)
def test_bad_times(ann: User, until: datetime, code: str) -> None:
    """A time that has passed, is far away, or says no zone is refused, and named."""
    row = actions.create("x")
    with pytest.raises(ValidationError) as caught:
        actions.snooze(ann, row.pk, until)
    [error] = caught.value.error_dict["until"]
    assert error.code == code
    assert not Receipt.objects.exists()


def test_what_is_not_theirs(ann: User, bob: User, root: User) -> None:
    """What is another's is not there, whatever is done, and nothing is left on it."""
    row = actions.create("bob's", user=bob)
    for user in (ann, root):
        for act in (actions.archive, actions.unarchive, actions.save, actions.unsave, actions.unsnooze):
            with pytest.raises(Notification.DoesNotExist):
                act(user, row.pk)
        with pytest.raises(Notification.DoesNotExist):
            actions.snooze(user, row.pk, later())
        assert actions.archive_many(user, [row.pk]).missing == [row.pk]
    assert not Receipt.objects.exists()


def test_mark_all_read(ann: User) -> None:
    """What is snoozed keeps its own mark, and comes back unread by hand too; what is archived is read."""
    rows = [actions.create(title) for title in ("snoozed", "read and snoozed", "archived", "here")]
    relay()
    actions.mark_read(ann, rows[1].pk)
    for row in rows[:2]:
        actions.snooze(ann, row.pk, later())
    actions.archive(ann, rows[2].pk)
    assert actions.mark_all_read(ann).count == 1
    for row in rows[:2]:
        actions.unsnooze(ann, row.pk)
    actions.unarchive(ann, rows[2].pk)
    assert seen(ann) == {"here": True, "archived": True, "read and snoozed": True, "snoozed": False}


def test_unread_elsewhere(ann: User) -> None:
    """Read and unread can be asked for, and said, of what is not in the inbox, and do not count there."""
    rows = [actions.create(title) for title in ("a", "b", "c")]
    relay()
    actions.archive_many(ann, [row.pk for row in rows])
    actions.mark_read(ann, rows[0].pk)
    assert there(ann, archived=True, read=False) == ["c", "b"]
    assert there(ann, archived=True, read=True) == ["a"]
    actions.mark_unread(ann, rows[0].pk)
    assert there(ann, archived=True, read=False) == ["c", "b", "a"]
    assert published()[-1]["unread_count"] == 0
    assert there(ann, archived=False) == []


def test_many(ann: User) -> None:
    """Six hundred are a few queries; each message has the count that is true when its batch is committed."""
    rows = actions.create_many({"title": str(number)} for number in range(600))
    pks = [row.pk for row in rows]
    with CaptureQueriesContext(connection) as queries:
        assert actions.archive_many(ann, pks).count == 600
    assert len(queries) <= 50
    told = published()[600:]
    assert [{item["unread_count"] for item in part} for part in (told[:500], told[500:])] == [{100}, {0}]
    assert actions.archive_many(ann, pks).count == 0
    assert actions.save_many(ann, pks[:3]).count == 3
    assert actions.unsave_many(ann, pks).count == 3
    assert actions.snooze_many(ann, pks[:2], later()).count == 2
    assert actions.unsnooze_many(ann, pks).count == 2
    assert actions.unarchive_many(ann, pks).count == 600
    assert {item["unread_count"] for item in published()[-100:]} == {600}
    assert tabs(ann) == [600, 600, 0, 0, 0]


def test_many_while_others_come(ann: User) -> None:
    """What comes between two parts of it is in the count that clients are left with."""
    pks = [row.pk for row in actions.create_many({"title": f"{number:04}"} for number in range(501))]
    archive = many.marking(ann, places.ARCHIVE)

    def work(chunk: Sequence[UUID], count: many.Count) -> tuple[list[UUID], int]:
        done = archive(chunk, count)
        if len(chunk) == many.CHUNK:
            actions.create("meanwhile")
        return done

    many.each(pks, work)
    relay()
    told = [item for item in published() if item["to"] == for_user(ann.pk)]
    assert told[-1]["unread_count"] == Inbox(ann).unread_count() == 1


def test_older_clients(ann: User) -> None:
    """Clients that know of no archive are told that it is gone, and that it is there again."""
    row = actions.create("x")
    actions.save(ann, row.pk)
    actions.archive(ann, row.pk)
    actions.mark_read(ann, row.pk)
    actions.unarchive(ann, row.pk)
    texts = Publication.objects.order_by("id").values_list("legacy", flat=True)
    found = [text and text.split('"action":"')[1].split('"')[0] for text in texts]
    assert found == [None, None, "deleted", "deleted", "created"]


def test_restoring_many(ann: User, root: User) -> None:
    """Dismissed ones come back as they were, those deleted for everyone where the user may; the rest is missing."""
    rows = [actions.create(str(number)) for number in range(4)]
    relay()
    pks = [row.pk for row in rows]
    actions.mark_read(ann, pks[0])
    actions.archive(ann, pks[1])
    actions.delete_many(ann, pks[:2])
    actions.delete_for_everyone(pks[2:3])
    done = actions.restore_many(ann, pks)
    assert (done.count, done.missing) == (2, [pks[2]])
    assert (seen(ann), there(ann, archived=True)) == ({"3": False, "0": True}, ["1"])
    assert [item["unread_count"] for item in published()[-2:]] == [1, 1]
    assert actions.restore_many(root, pks).count == 1
    assert seen(ann) == {"3": False, "2": False, "0": True}


def test_pruning_spares_what_is_kept(ann: User) -> None:
    """What somebody saved or snoozed stays however old it is, until it is deleted."""
    rows = [actions.create(title) for title in ("saved", "snoozed", "archived", "saved and deleted")]
    actions.save_many(ann, [rows[0].pk, rows[3].pk])
    actions.snooze(ann, rows[1].pk, later())
    actions.archive(ann, rows[2].pk)
    actions.delete_for_everyone([rows[3].pk])
    Notification.objects.update(updated_at=timezone.now() - timedelta(days=31))
    assert actions.prune() == 2
    assert set(Notification.objects.values_list("title", flat=True)) == {"saved", "snoozed"}
