"""Tests of `manage.py rotate_keys` and `manage.py generate_key`."""

import logging
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from notifications import actions, rotation
from notifications.models import Notification
from realtime import keys
from tests.notifications.conftest import published
from tests.support.servers import environment, manage

OLD, NEW = keys.generate(), keys.generate()


@pytest.fixture(autouse=True)
def old(settings: Any, db: None) -> None:
    """The old key is the only one."""
    settings.ENCRYPTION_KEYS = [OLD]


def run(*arguments: str) -> str:
    """Return what the command prints."""
    out = StringIO()
    call_command("rotate_keys", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_everything_is_encrypted_anew(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards the old key is not needed: every text is readable without it, and found by its dedup key."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    for number in range(5):
        actions.create(f"Secret {number}", sensitive=True, dedup_key=f"k{number}")
    actions.create("Plain")
    before = published()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    printed = run()
    assert "5 encrypted anew" in printed
    assert f"{keys.name_of(NEW)} (the first key): 5 notifications" in printed
    assert f"{keys.name_of(OLD)}: 0 notifications; it may be removed once every server runs" in printed
    settings.ENCRYPTION_KEYS = [NEW]
    texts = sorted(row.text()["title"] for row in Notification.objects.filter(sensitive=True))
    assert texts == [f"Secret {number}" for number in range(5)]
    assert published() == before
    assert actions.upsert("k3", "again").version == 2


def test_the_audit_hears_of_it(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    """One event says how many were encrypted anew and with which key; where nothing was to be done there is none."""
    caplog.set_level(logging.INFO, "realtime.audit")
    actions.create("Secret", sensitive=True)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    run()
    run()
    [told] = [record for record in caplog.records if record.message == "keys_rotated"]
    assert vars(told).items() >= {"key": keys.name_of(NEW), "done": 1, "unreadable": 0}.items()
    assert NEW not in caplog.text


def test_it_goes_on_where_it_was(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped half-way, some are encrypted with each key; all are readable, and the rest follows."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    for number in range(5):
        actions.create(f"Secret {number}", sensitive=True)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    next(rotation.rotate())
    assert rotation.remaining() == {keys.name_of(NEW): 2, keys.name_of(OLD): 3}
    assert len({row.text()["title"] for row in Notification.objects.all()}) == 5
    assert "3 encrypted anew" in run()
    assert "encrypted anew" not in run()


def test_status_changes_nothing(settings: Any) -> None:
    """With --status it tells what each key encrypts, and leaves it so."""
    row = actions.create("Secret", sensitive=True)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert f"{keys.name_of(OLD)}: 1 notifications\n" in run("--status")
    assert Notification.objects.get().sealed == row.sealed


def test_what_cannot_be_read_is_kept_and_told(settings: Any) -> None:
    """A row whose key is missing is passed over; the command fails and names the key."""
    row = actions.create("Secret", sensitive=True)
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match=f"Unreadable until .* again: {keys.name_of(OLD)}"):
        run()
    assert Notification.objects.get().sealed == row.sealed


def test_no_keys(settings: Any) -> None:
    """Without keys there is nothing to rotate to, which names the setting."""
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS"):
        run()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_writer_at_work_is_not_waited_for(settings: Any) -> None:
    """A row that someone writes meanwhile is passed over; the next run finds it."""
    rows = [actions.create(f"Secret {number}", sensitive=True) for number in range(2)]
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    def elsewhere() -> None:
        list(rotation.rotate())
        connection.close()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        Notification.objects.select_for_update().get(pk=rows[0].pk)
        other.submit(elsewhere).result(20)
    assert rotation.remaining() == {keys.name_of(NEW): 1, keys.name_of(OLD): 1}
    list(rotation.rotate())
    assert rotation.remaining() == {keys.name_of(NEW): 2}


def test_generate_key_needs_no_settings() -> None:
    """A new installation can make its first key before anything else is set."""
    printed = manage("generate_key", env=environment(SECRET_KEY="", DEBUG="false"))
    assert keys.wrong(printed.strip()) is None
