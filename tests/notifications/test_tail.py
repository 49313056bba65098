"""Tests of what `manage.py notifications tail` shows; how it follows is tested in `test_tail_live.py`."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import override_settings

from aether.jobs import actions as jobs
from notifications import actions
from notifications.tailing import Choice, Ended, Lines
from realtime import keys
from realtime.history import Published
from tests.notifications.conftest import relay


def shown(*options: str) -> str:
    """Return what `tail --no-follow` prints in this process."""
    out = StringIO()
    call_command("notifications", "tail", "--no-follow", *options, stdout=out)
    return out.getvalue()


def messages(*options: str) -> list[dict[str, Any]]:
    """Return the same as messages."""
    return [json.loads(line) for line in shown("--json", *options).splitlines()]


def titles(*options: str) -> list[str]:
    """Return their titles."""
    return [message["data"]["title"] for message in messages(*options)]


@pytest.mark.django_db
def test_what_is_chosen() -> None:
    """Levels, categories, the last ones, and a time or an offset to begin at choose what is shown."""
    actions.create("A disk", level="error", category="host")
    actions.create("A login", level="warning", category="authentication")
    actions.create("A host", category="host")
    assert titles() == ["A disk", "A login", "A host"]
    assert titles("--level", "error", "--level", "warning") == ["A disk", "A login"]
    assert titles("--category", "host") == ["A disk", "A host"]
    assert titles("--category", "host", "-n", "1") == ["A host"]
    assert titles("-n", "0") == []
    begin = messages()[0]["offset"]
    assert titles("--since", str(begin)) == ["A login", "A host"]
    assert titles("--since", str(begin - 1), "-n", "2") == ["A login", "A host"]
    assert titles("--since", "1h") == ["A disk", "A login", "A host"]
    assert titles("--since", "2099-01-01") == []


@pytest.mark.django_db
def test_as_a_user_sees_it(ann: User, bob: User, operators: Group) -> None:
    """With --user it shows what is for that user, and what the user did; without, who each is for, and no marks."""
    bob.groups.add(operators)
    seen = actions.create("All")
    actions.create("Ann's", user=ann)
    actions.create("Operators'", group=operators)
    relay()
    actions.mark_read(ann, seen.pk)
    everything = [(message["data"]["title"], message["for"]) for message in messages()]
    assert everything == [("All", "everyone"), ("Ann's", "user ann"), ("Operators'", "group operators")]
    of_ann = [(message["data"]["title"], message["action"]) for message in messages("--user", "ann")]
    assert of_ann == [("All", "created"), ("Ann's", "created"), ("All", "updated")]
    assert titles("--user", "bob") == ["All", "Operators'"]
    assert [line.split("  ", 1)[1] for line in shown("--user", "ann").splitlines()] == [
        "info     system      All", "info     system      Ann's  → user ann",
        "info     system      (read) All  → user ann",
    ]  # fmt: skip


def publication(**changes: Any) -> Published:
    """Return one as the stream has it, for everyone unless *changes* say otherwise."""
    body = '{"type":"notification","action":"created","data":{"id":"1","title":"Hi","level":"info","category":"vm"}}'
    return Published(1, 1, "everyone", "", 1, body, None, datetime(2026, 3, 1, 9, 30, tzinfo=UTC))._replace(**changes)


@pytest.mark.django_db
def test_rights_are_looked_up_again(bob: User, operators: Group) -> None:
    """Who joins a user group sees what is for it; for who is deactivated nothing is shown any more."""
    choice = Choice({"notifications": None}, username="bob")
    theirs = publication(audience=f"group:{operators.pk}")
    choice.look_up()
    assert not choice.wants("notifications", theirs)
    bob.groups.add(operators)
    choice.look_up()
    assert choice.wants("notifications", theirs)
    bob.is_active = False
    bob.save()
    with pytest.raises(Ended, match="bob may not follow notifications"):
        choice.look_up()


def test_what_is_not_of_today_has_a_date() -> None:
    """A line says the day where it is not today's, and the time in the zone that was asked for."""
    lines = Lines(timezone(timedelta(hours=2)), colored=False)
    assert lines.line("notifications", publication()) == "2026-03-01 11:30:00  info     vm          Hi"
    today = lines.line("notifications", publication(created_at=datetime.now(UTC)))
    assert re.match(r"\d\d:\d\d:\d\d  info", today)


@pytest.mark.django_db
def test_many_are_read_in_portions() -> None:
    """More than are read at a time come whole and in order; the last ones are found however far back they are."""
    actions.create("The first", level="error")
    actions.create_many([{"title": f"Number {number}"} for number in range(700)])
    assert titles("--since", "1h") == ["The first", *(f"Number {number}" for number in range(700))]
    assert titles("--level", "error") == ["The first"]


@pytest.mark.django_db
@override_settings(ENCRYPTION_KEYS=[keys.generate()])
def test_sensitive_ones_say_nothing() -> None:
    """Of a sensitive notification neither form has the text."""
    actions.create("The password", "is swordfish", sensitive=True)
    actions.create("Open")
    for text in (shown(), shown("--json"), shown("--since", "1h")):
        assert "Sensitive notification" in text
        assert "Open" in text
        assert not any(word in text for word in ("swordfish", "password"))


@pytest.mark.django_db
def test_other_topics() -> None:
    """A job's changes can be followed, and a job by its id with what it prints; escapes reach no terminal."""
    job = jobs.create("Nightly backup", status="running")
    jobs.append(job.pk, ["\x1b[31mhello"])
    lines = shown("--topic", "jobs").splitlines()
    assert "Nightly backup" in lines[0]
    assert not any("hello" in line for line in lines)
    printed = shown("--topic", f"jobs:{job.pk}")
    assert "hello" in printed
    assert "\x1b" not in printed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--user", "nobody"], "There is no user 'nobody'"),
        (["--topic", "weather"], "--topic weather: there is no such topic; use one of"),
        (["--topic", "jobs", "--level", "error"], "--level and --category are of notifications"),
        (["--since", "yesterday"], "--since yesterday: say how far back, as 30s"),
        (["--since", "999999999"], "--since 999999999: notifications has only come to"),
        (["--category", "weather"], "'weather' is no category; use one of system"),
        (["-n", "x"], "'x' is no number of lines"),
    ],
)
def test_what_cannot_be_shown(arguments: list[str], said: str) -> None:
    """What cannot be asked for says why."""
    with pytest.raises(CommandError, match=said):
        shown(*arguments)


@pytest.mark.django_db
def test_json_is_one_line_that_no_terminal_obeys() -> None:
    """Control characters beyond ASCII, other line ends and turns of direction are escaped, and nothing is lost."""
    title = "a\x7f\x9b31m\x85\u2028\u202eb é 😀"
    actions.create(title)
    (line,) = shown("--json").splitlines()
    assert "\\u009b31m" in line
    assert "é 😀" in line
    assert json.loads(line)["data"]["title"] == title
