"""Tests of sensitive notifications as rows: whatever saves one, nothing of what it says is stored in clear."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from notifications import actions, publications, secrecy
from notifications.models import Notification
from notifications.sealing import NEUTRAL
from realtime import keys
from realtime.audience import EVERYONE
from realtime.models import Publication
from tests.notifications.conftest import published, relay

pytestmark = pytest.mark.django_db

MARKER = "xyzzy-plugh"
SECRET: dict[str, Any] = {
    "title": f"Title {MARKER}",
    "message": f"Message {MARKER}",
    "related_entity": f"host-{MARKER}",
    "metadata": {"password": MARKER, MARKER: 1},
    "dedup_key": f"key-{MARKER}",
    "group_key": f"group-{MARKER}",
    "link": f"/{MARKER}",
    "actions": [{"label": MARKER, "url": f"/{MARKER}"}],
}


@pytest.fixture(autouse=True)
def key(settings: Any) -> str:
    """The only key."""
    settings.ENCRYPTION_KEYS = [keys.generate()]
    return str(settings.ENCRYPTION_KEYS[0])


def stored() -> str:
    """Return everything that the tables of notifications and of publications hold, as text."""
    with connection.cursor() as cursor:
        texts = []
        for table in (Notification._meta.db_table, Publication._meta.db_table):
            cursor.execute(f"SELECT * FROM {table}")
            texts.append(repr(cursor.fetchall()))
    return "\n".join(texts)


def assert_concealed(row: Notification) -> None:
    """Make sure that neither *row* nor the database says anything, and that the text can be had."""
    assert {name: getattr(row, name) for name in NEUTRAL} == NEUTRAL
    assert MARKER not in f"{row} {row!r} {vars(row)}"
    assert MARKER not in stored()


def test_created_by_an_action() -> None:
    """The row that is returned is neutral, and its text is whole."""
    row = actions.create(**SECRET, sensitive=True)
    assert_concealed(row)
    assert row.text() == SECRET
    assert Notification.objects.get().text() == SECRET


def test_created_in_bulk() -> None:
    """A bulk insert encrypts too, and leaves the others alone."""
    rows = actions.create_many([{**SECRET, "sensitive": True}, {"title": "plain"}])
    assert_concealed(rows[0])
    assert rows[0].text() == SECRET
    assert (rows[1].title, rows[1].sealed) == ("plain", "")


def test_saved_as_a_plain_model() -> None:
    """A plain save() encrypts what was said anew and keeps the rest, whichever fields it names."""
    row = Notification.objects.create(**SECRET, sensitive=True)
    assert_concealed(row)
    row = Notification.objects.get()
    row.message = f"Again {MARKER}"
    row.save(update_fields=["message"])
    assert_concealed(row)
    row = Notification.objects.get()
    row.level = "error"
    row.save()
    assert row.text() == {**SECRET, "message": f"Again {MARKER}"}


def test_a_text_can_be_emptied() -> None:
    """An update to nothing is an update."""
    row = actions.create(**SECRET, sensitive=True)
    row = actions.update(row.pk, message="", related_entity=None, metadata={})
    assert row.text() == {**SECRET, "message": "", "related_entity": None, "metadata": {}}


def test_a_revealed_row_shows_nothing_to_others() -> None:
    """While the text is in memory, neither its name nor its publication says it, and saving hides it again."""
    row = actions.create(**SECRET, sensitive=True)
    row.reveal()
    assert (row.title, row.dedup_key) == (SECRET["title"], SECRET["dedup_key"])
    assert MARKER not in f"{row} {json.dumps(publications.deleted(row).body)}"
    row.save()
    assert_concealed(row)
    assert row.text() == SECRET


@pytest.mark.parametrize("fields", [None, ["level"], ["title", "message"]])
def test_a_revealed_row_that_is_loaded_again_loses_nothing(fields: list[str] | None) -> None:
    """The neutral words that come with it are not taken for a text."""
    row = actions.create(**SECRET, sensitive=True)
    row.reveal()
    row.refresh_from_db(fields=fields)
    row.save()
    assert_concealed(row)
    assert row.text() == SECRET


def test_it_stays_sensitive() -> None:
    """Whether it is sensitive cannot be changed, in either direction."""
    for sensitive in (True, False):
        row = actions.create("t", sensitive=sensitive)
        row.sensitive = not sensitive
        with pytest.raises(ValidationError, match="cannot be changed"):
            row.save()


def test_the_database_refuses_a_text_in_clear() -> None:
    """A write past the model that would leave the text beside its ciphertext, or without any, is refused."""
    row = actions.create(**SECRET, sensitive=True)
    rows = Notification.objects.filter(pk=row.pk)
    for wrong in ({"title": "clear"}, {"message": "clear"}, {"related_entity": "clear"}, {"sealed": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)


def test_nothing_is_stored_without_a_key(settings: Any) -> None:
    """Where there is no key, neither an action nor a save stores anything; both name the setting."""
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(ValidationError, match="ENCRYPTION_KEYS") as caught:
        actions.create(**SECRET, sensitive=True)
    assert list(caught.value.message_dict) == ["sensitive"]
    with pytest.raises(secrecy.NoKey, match="ENCRYPTION_KEYS"), transaction.atomic():
        Notification.objects.create(**SECRET, sensitive=True)
    assert not Notification.objects.exists()


def test_every_publication_is_neutral(ann: User, root: User) -> None:
    """Creating, changing, marking, deleting and restoring publish the neutral form, which says that it is sensitive."""
    row = actions.create(**SECRET, sensitive=True, level="error")
    actions.update(row.pk, title=f"New {MARKER}", reopen=False)
    relay()
    actions.mark_read(ann, row.pk)
    actions.mark_unread(ann, row.pk)
    actions.mark_all_read(ann)
    actions.dismiss(ann, row.pk)
    actions.restore(ann, row.pk)
    actions.delete(root, row.pk)
    actions.restore(root, row.pk)
    row.refresh_from_db()
    row.delete()
    assert MARKER not in stored()
    told = [m["data"] for m in published() if "id" in m["data"]]
    assert [{name: data[name] for name in NEUTRAL} for data in told] == [NEUTRAL] * len(told)
    assert {(data["sensitive"], data["level"], data["dedup_key"]) for data in told} == {(True, "error", None)}
    assert {m["action"] for m in published()} == {"created", "updated", "deleted", "read_through"}


def test_upsert_finds_and_merges(ann: User) -> None:
    """A dedup key finds a sensitive one, which stays so, is merged as any other, and counts as unread again."""
    first = actions.upsert("disk", f"80 % {MARKER}", "of /var", metadata={"a": 1}, sensitive=True)
    actions.mark_read(ann, first.pk)
    second = actions.upsert("disk", f"90 % {MARKER}", metadata={"b": 2})
    assert_concealed(second)
    assert (second.pk, second.version) == (first.pk, 2)
    said = {"title": f"90 % {MARKER}", "message": "of /var", "metadata": {"a": 1, "b": 2}}
    assert second.text() == {**NEUTRAL, **said, "dedup_key": "disk"}
    assert actions.clear("disk")
    assert not actions.clear("disk")


def test_a_key_names_one_sensitive_or_not() -> None:
    """There is one live notification of a key, and an upsert does not change whether it is sensitive."""
    actions.create("plain", dedup_key="k")
    actions.create("secret", dedup_key="s", sensitive=True)
    for key, sensitive in (("k", True), ("s", False)):
        with pytest.raises(ValidationError, match="upsert changes it"):
            actions.create("again", dedup_key=key, sensitive=sensitive)
        with pytest.raises(ValidationError, match="clear it first"):
            actions.upsert(key, "again", sensitive=sensitive)
    assert Notification.objects.filter(audience=EVERYONE).count() == 2


def test_a_restored_one_gives_its_key_up_where_it_is_taken(root: User) -> None:
    """As with any other, the newer one keeps the key; else it is found by its key again."""
    row = actions.create("first", dedup_key="k", sensitive=True)
    actions.delete(root, row.pk)
    other = actions.create("second", dedup_key="k")
    actions.restore(root, row.pk)
    row.refresh_from_db()
    assert row.text()["dedup_key"] is None
    assert actions.upsert("k", "third").pk == other.pk


def test_without_its_key_it_is_kept_and_told(settings: Any, key: str) -> None:
    """What cannot be read cannot be changed, except for what is in clear; with its key back it is all there."""
    row = actions.create(**SECRET, sensitive=True)
    settings.ENCRYPTION_KEYS = [keys.generate()]
    with pytest.raises(ValidationError, match="is missing from the setting ENCRYPTION_KEYS"):
        actions.update(row.pk, message="new")
    assert actions.update(row.pk, level="error").level == "error"
    plain = Notification.objects.get()
    plain.message = "new"
    with pytest.raises(secrecy.Unreadable):
        plain.save()
    settings.ENCRYPTION_KEYS = [key]
    assert Notification.objects.get().text() == SECRET


def test_a_row_that_was_read_before_a_rotation_brings_no_old_key_back(settings: Any, key: str) -> None:
    """A stale save leaves what was encrypted anew, and the key by which it is found."""
    stale = actions.create(**SECRET, sensitive=True)
    settings.ENCRYPTION_KEYS = [keys.generate(), key]
    fresh = Notification.objects.get()
    fresh.reveal()
    fresh.save()
    stale.level = "error"
    stale.save()
    row = Notification.objects.get()
    assert (row.level, row.sealed, row.dedup_key) == ("error", fresh.sealed, fresh.dedup_key)
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert row.text() == SECRET
    assert actions.upsert(SECRET["dedup_key"], "found").pk == row.pk
