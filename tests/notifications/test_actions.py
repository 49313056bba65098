"""Tests of the actions: writing, deleting, restoring, expiring and pruning."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Notification, Receipt
from realtime import outbox
from realtime.audience import for_user
from tests.notifications.conftest import published, relay

pytestmark = pytest.mark.django_db


def seen(user: User) -> dict[str, bool]:
    """Return what *user* sees: title → read."""
    return {item["title"]: item["read"] for item in Inbox(user).page(200).items}


@pytest.mark.parametrize(
    ("field", "contents"),
    [
        ("title", {"title": " \t"}),
        ("title", {"title": "x" * 201}),
        ("title", {"title": "a\x00b"}),
        ("message", {"message": "x" * 10_001}),
        ("message", {"message": "\ud800"}),
        ("message", {"message": None}),
        ("level", {"level": "fatal"}),
        ("category", {"category": "weather"}),
        ("metadata", {"metadata": []}),
        ("metadata", {"metadata": {"x": "y" * 17_000}}),
        ("metadata", {"metadata": {"x": float("nan")}}),
        ("metadata", {"metadata": {"x": ["\x00"]}}),
        ("metadata", {"metadata": {"x": {1, 2}}}),
        ("metadata", {"metadata": {1: 2}}),
    ],
)
def test_refuses_bad_contents(field: str, contents: dict[str, Any]) -> None:
    """What cannot be stored or shown is refused, naming the field, and nothing is published."""
    with pytest.raises(ValidationError) as caught:
        actions.create(**({"title": "Fine"} | contents))
    assert list(caught.value.message_dict) == [field]
    assert published() == []


def test_refuses_deep_metadata() -> None:
    """Metadata that is nested too deeply is refused and does not end the recursion of Python."""
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"d": deep}
    with pytest.raises(ValidationError, match="nested"):
        actions.create("Deep", metadata=deep)


def test_text_is_stored_as_it_came() -> None:
    """Spaces, markup and emoji are kept."""
    text = "  <b>näh</b> \u202e🙂\n "
    row = actions.create(text, text)
    row.refresh_from_db()
    assert row.title == row.message == text


def test_extended_categories(settings: Any) -> None:
    """A Django setting adds categories without a migration."""
    settings.NOTIFICATION_CATEGORIES = ["backup"]
    assert actions.create("Done", category="backup").category == "backup"


def test_create_many_is_one_insert_and_one_wake_up(django_capture_on_commit_callbacks: Any) -> None:
    """A thousand take one insert of rows, and one wake-up; they keep their order."""
    with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks() as callbacks:
        rows = actions.create_many({"title": str(number)} for number in range(1_000))
    assert callbacks.count(outbox.wake) == len(callbacks) == 1
    inserts = [query for query in queries.captured_queries if 'INSERT INTO "notifications' in query["sql"]]
    assert len(inserts) <= 20  # SQLite's limit of variables makes several statements of one insert.
    assert len(rows) == len(published()) == 1_000
    newest = Notification.objects.values_list("title", flat=True)[:2]
    assert list(newest) == ["999", "998"]


def test_create_many_is_all_or_none() -> None:
    """One bad item, or one too many, and nothing is created; the error names the item."""
    with pytest.raises(ValidationError) as caught:
        actions.create_many([{"title": "Good"}, {"title": ""}])
    assert list(caught.value.message_dict) == ["1.title"]
    with pytest.raises(ValidationError, match="1,000"):
        actions.create_many({"title": "x"} for _ in range(1_001))
    assert Notification.objects.count() == 0


def test_update_reopens_unless_told_otherwise(ann: User) -> None:
    """A change shows it as unread again; a quiet one leaves what ann read as read."""
    row = actions.create("Backup")
    actions.mark_read(ann, row.pk)
    actions.update(row.pk, reopen=False, message="quietly")
    assert seen(ann) == {"Backup": True}
    actions.update(row.pk, level="error")
    assert seen(ann) == {"Backup": False}


def test_update_of_what_is_gone() -> None:
    """A deleted notification cannot be changed."""
    row = actions.create("Gone")
    actions.delete_for_everyone([row.pk])
    with pytest.raises(Notification.DoesNotExist):
        actions.update(row.pk, title="Back")


def test_upsert_merges() -> None:
    """An upsert keeps the id, merges metadata, and leaves what is not given as it was."""
    first = actions.upsert("disk", "Disk at 80 %", level="warning", metadata={"host": "a", "percent": 80})
    second = actions.upsert("disk", "Disk at 90 %", metadata={"percent": 90})
    assert (second.pk, second.level, second.version) == (first.pk, "warning", 2)
    assert second.metadata == {"host": "a", "percent": 90}


def test_keys_belong_to_an_audience(ann: User) -> None:
    """The same key names different notifications for different audiences, and a cleared one is free again."""
    everyone, own = actions.upsert("k", "Everyone's"), actions.upsert("k", "ann's", user=ann)
    assert everyone.pk != own.pk
    assert actions.clear("k")
    assert not actions.clear("k")
    assert actions.upsert("k", "Again").pk != everyone.pk
    assert actions.clear("k", audience=for_user(ann.pk))


def test_create_refuses_a_taken_key() -> None:
    """Creating with a key that a live notification has is an error that names the field."""
    actions.create("First", dedup_key="k")
    with pytest.raises(ValidationError) as caught:
        actions.create("Second", dedup_key="k")
    assert list(caught.value.message_dict) == ["dedup_key"]


@pytest.mark.django_db(transaction=True)
def test_upsert_at_the_same_time() -> None:
    """Eight threads that upsert one key get one notification, and no metadata is lost."""
    found: list[uuid.UUID] = []

    def upsert(number: int) -> None:
        close_old_connections()
        try:
            found.append(actions.upsert("k", "Same", metadata={str(number): number}).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=upsert, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = Notification.objects.get()
    assert found == [row.pk] * 8
    assert row.version == 8
    assert row.metadata == {str(number): number for number in range(8)}


@pytest.mark.django_db(transaction=True)
def test_twenty_writers_at_once() -> None:
    """Twenty threads write at once, and none of them finds the database locked."""
    errors: list[Exception] = []

    def write(number: int) -> None:
        try:
            for turn in range(5):
                actions.create(f"{number}.{turn}")
        except Exception as error:  # noqa: BLE001  # Whatever it is, the test reports it.
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Notification.objects.count() == len(published()) == 100


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


@pytest.mark.django_db(transaction=True)
def test_async_twins(ann: User) -> None:
    """The async twins do the same from inside an event loop."""

    async def work() -> int:
        row = await actions.acreate("From a loop")
        await actions.amark_read(ann, row.pk)
        await actions.aupdate(row.pk, message="again")
        return (await actions.amark_all_read(ann)).unread_count

    assert async_to_sync(work)() == 1  # Nothing has an offset yet.


def test_group_audience(ann: User, bob: User, operators: Group) -> None:
    """What is for a user group is for its members only."""
    ann.groups.add(operators)
    actions.create("For operators", group=operators)
    relay()
    assert seen(ann) == {"For operators": False}
    assert seen(bob) == {}
