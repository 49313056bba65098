"""Tests of creating and changing notifications."""

import threading
import uuid
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from notifications import actions
from notifications.models import Notification
from realtime import outbox
from realtime.audience import for_user
from tests.notifications.conftest import published, relay, seen

pytestmark = pytest.mark.django_db


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
    assert len(inserts) <= 26  # SQLite's limit of variables makes several statements of one insert.
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


def test_upsert_keeps_the_message() -> None:
    """A message that is not given stays as well, and an empty one empties it."""
    actions.upsert("disk", "Disk at 80 %", "/var")
    assert actions.upsert("disk", "Disk at 90 %").message == "/var"
    assert actions.upsert("disk", "Disk at 70 %", "").message == ""


def test_an_unknown_category_is_told_the_known_ones(settings: Any) -> None:
    """The error is a sentence that names every category there is."""
    settings.NOTIFICATION_CATEGORIES = ["backup"]
    with pytest.raises(ValidationError) as caught:
        actions.create("x", category="nope")
    sentence = "'nope' is no category; use one of system, host, vm, job, authentication, backup."
    assert caught.value.message_dict == {"category": [sentence]}


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
