"""Tests of `manage.py notify` and `manage.py notifications`."""

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.utils import timezone

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Notification
from realtime import local_operator
from tests.notifications.conftest import published, relay
from tests.support.servers import ROOT, environment

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    """Return what the command prints."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_notify_prints_the_id() -> None:
    """It creates and publishes a notification and prints its id, and nothing else."""
    text = run("notify", "Backup", "42 GB", "--level", "success", "--category", "job", "--metadata", '{"run": 7}')
    row = Notification.objects.get()
    assert text == f"{row.pk}\n"
    assert (row.title, row.message, row.level, row.category) == ("Backup", "42 GB", "success", "job")
    assert row.metadata == {"run": 7}
    assert published()[0]["action"] == "created"


def test_notify_as_json() -> None:
    """With --json it prints the notification."""
    assert json.loads(run("notify", "Hi", "--json"))["title"] == "Hi"


def test_notify_an_audience(ann: User, operators: Group) -> None:
    """It tells one user or one user group."""
    run("notify", "Hers", "--user", "ann")
    run("notify", "Theirs", "--group", "operators")
    audiences = Notification.objects.order_by("created_at").values_list("user__username", "group__name")
    assert list(audiences) == [("ann", None), (None, "operators")]


def test_notify_again_with_a_key() -> None:
    """With a dedup key the second call changes the first one's notification."""
    assert run("notify", "80 %", "--dedup-key", "disk") == run("notify", "90 %", "--dedup-key", "disk")
    assert Notification.objects.get().title == "90 %"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x", "--user", "nobody"], "There is no user 'nobody'"),
        (["x", "--group", "nobody"], "There is no group 'nobody'"),
        (["x" * 201], "title"),
        (["x", "--category", "weather"], "category"),
        (["x", "--metadata", "[]"], "metadata"),
    ],
)
def test_notify_refuses(arguments: list[str], said: str) -> None:
    """What is refused says why; nothing is created."""
    with pytest.raises(CommandError, match=said):
        run("notify", *arguments)
    assert Notification.objects.count() == 0


def test_exit_codes(migrated_database: Path, tmp_path: Path) -> None:
    """The documented exit codes are those of the process, and its reason is on stderr."""
    database = shutil.copy(migrated_database, tmp_path)

    def notify(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), "notify", *arguments]
        env = environment(DATABASE_URL=f"sqlite:///{database}")
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    done, refused = notify("Hi"), notify(" ")
    assert (done.returncode, len(done.stdout.strip())) == (0, 36)
    assert (refused.returncode, "title" in refused.stderr, refused.stdout) == (1, True, "")
    assert notify("Hi", "--metadata", "{").returncode == 2


def test_list(ann: User) -> None:
    """It lists the newest, as a user sees them or all that are live."""
    actions.create("For ann", user=ann)
    read = actions.create("Everyone's")
    actions.mark_read(ann, read.pk)
    assert [line[0] for line in run("notifications", "list", "--user", "ann").splitlines()] == [" ", "*"]
    assert "Everyone's" not in run("notifications", "list", "--user", "ann", "--unread")
    items = [json.loads(line) for line in run("notifications", "list", "--json", "--limit", "1").splitlines()]
    assert [item["title"] for item in items] == ["Everyone's"]


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--unread"], ["--user", "nobody"]])
def test_list_refuses(arguments: list[str]) -> None:
    """What cannot be listed says why."""
    with pytest.raises(CommandError):
        run("notifications", "list", *arguments)


def test_prune() -> None:
    """It deletes for good what is older than the days, and says how many."""
    actions.create("New")
    old = actions.create("Old")
    Notification.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=8))
    assert run("notifications", "prune") == "0 pruned.\n"
    assert run("notifications", "prune", "--days", "7") == "1 pruned.\n"


def test_dummy_data_is_loaded_once(settings: Any) -> None:
    """Six for everyone and more for dana; a second time nothing, even when they were deleted."""
    settings.DUMMY_DATA = settings.DEBUG = True
    settings.AUTH_ENABLED = False
    assert "loaded" in run("notifications", "dummy")
    relay()
    operator, dana = local_operator.operator(), User.objects.get(username="dana")
    assert (Inbox(operator).unread_count(), Inbox(dana).unread_count()) == (6, 8)
    titles = [item["title"] for item in Inbox(operator).page(10).items]
    assert titles == [
        "Job completed",
        "Host disconnected",
        "Host reconnected",
        "VM state changed",
        "Authentication expired",
        "System maintenance",
    ]
    Notification.objects.all().delete()
    assert "before" in run("notifications", "dummy")
    assert Notification.objects.count() == 0


def test_no_dummy_data(settings: Any) -> None:
    """Where DUMMY_DATA is false it does nothing."""
    settings.DUMMY_DATA = False
    assert "DUMMY_DATA" in run("notifications", "dummy")
    assert Notification.objects.count() == User.objects.count() == 0
