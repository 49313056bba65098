"""Tests of `manage.py notify` and `manage.py notifications`."""

import json
import shlex
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
from realtime import keys, local_operator
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


def test_a_system_notification_by_its_key() -> None:
    """It is a warning about `system:KEY` unless told otherwise; a second call changes it, clearing takes it away."""
    assert run("notify", "--system", "backup", "None yet") == run("notify", "--system", "backup", "Late", "2 days")
    row = Notification.objects.get()
    assert (row.title, row.level, row.related_entity) == ("Late", "warning", "system:backup")
    assert (run("notifications", "clear", "backup"), run("notifications", "clear", "backup")) == (
        "Cleared.\n", "There was none.\n",
    )  # fmt: skip
    assert not Notification.objects.filter(deleted_at=None).exists()


def test_notify_again_with_a_key() -> None:
    """With a dedup key the second call changes the first one's notification."""
    assert run("notify", "80 %", "--dedup-key", "disk") == run("notify", "90 %", "--dedup-key", "disk")
    assert Notification.objects.get().title == "90 %"


def test_notify_again_keeps_what_is_not_given() -> None:
    """A second call with the key changes what it names, and resets nothing else to the defaults of a new one."""
    given = ["--level", "error", "--category", "host", "--related-entity", "db-1", "--metadata", '{"a": 1}']
    run("notify", "80 %", "of /var", "--dedup-key", "disk", *given)
    run("notify", "90 %", "--dedup-key", "disk")
    row = Notification.objects.get()
    assert (row.title, row.message, row.level, row.category) == ("90 %", "of /var", "error", "host")
    assert (row.related_entity, row.metadata) == ("db-1", {"a": 1})


def test_notify_defaults() -> None:
    """Of a new one, what is not given is the model's default."""
    run("notify", "Hi", "--dedup-key", "k")
    row = Notification.objects.get()
    assert (row.message, row.level, row.category, row.metadata) == ("", "info", "system", {})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x", "--user", "nobody"], "There is no user 'nobody'"),
        (["x", "--group", "nobody"], "There is no group 'nobody'"),
        (["x" * 201], "title"),
        (["x", "--category", "weather"], "category: 'weather' is no category; use one of system, host, vm, job, auth"),
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


@pytest.mark.parametrize(
    "arguments", [["notify", "Hi"], *(["notifications", what] for what in ("list", "prune", "dummy"))]
)
def test_a_database_that_is_away(tmp_path: Path, arguments: list[str]) -> None:
    """Where the database is away, the exit code is 1 and stderr has one line that says so."""
    env = environment(DATABASE_URL=f"sqlite:///{tmp_path}/none/x.sqlite3", DUMMY_DATA="true")
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ["CommandError: The database refused it: unable to open database file"]


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
    assert run("notifications", "dummy") == "Dummy data loaded.\n"  # Nobody logs in here.
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


def test_dummy_data_tells_how_to_log_in(migrated_database: Path, tmp_path: Path) -> None:
    """Where login is on, it prints the command that gives dana a password, and that works as it is printed."""
    env = environment(DATABASE_URL=f"sqlite:///{shutil.copy(migrated_database, tmp_path)}", DUMMY_DATA="true")

    def shell(command: str, text: str = "") -> str:
        done = subprocess.run(
            shlex.split(command), env=env, cwd=ROOT, input=text, capture_output=True, text=True, timeout=60,
            start_new_session=True,  # Else the password would be asked for on the terminal that runs the tests.
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    printed = shell(shlex.join([sys.executable, "manage.py", "notifications", "dummy"]))
    command = printed.splitlines()[1].removeprefix("To log in as dana: ")
    assert command.endswith(" manage.py changepassword dana")
    shell(command, "quite-a-secret-1\n" * 2)
    check = "from django.contrib.auth import authenticate as a; print(a(username='dana', password='quite-a-secret-1'))"
    assert "dana" in shell(shlex.join([sys.executable, "manage.py", "shell", "-v", "0", "-c", check]))


def test_no_dummy_data(settings: Any) -> None:
    """Where DUMMY_DATA is false it does nothing."""
    settings.DUMMY_DATA = False
    assert "DUMMY_DATA" in run("notifications", "dummy")
    assert Notification.objects.count() == User.objects.count() == 0


def test_notify_a_sensitive_one(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its message can come from stdin, where no list of processes shows it; it prints nothing of it."""
    settings.ENCRYPTION_KEYS = [keys.generate()]
    monkeypatch.setattr("sys.stdin", StringIO("hunter2\n"))
    printed = run("notify", "Password", "-", "--sensitive", "--json")
    assert json.loads(printed)["title"] == "Sensitive notification"
    assert "hunter2" not in printed + run("notifications", "list", "--json")
    assert Notification.objects.get().text()["message"] == "hunter2"


def test_notify_a_sensitive_one_without_a_key(settings: Any) -> None:
    """It is refused with the name of the setting."""
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS"):
        run("notify", "Password", "--sensitive")
    assert not Notification.objects.exists()
