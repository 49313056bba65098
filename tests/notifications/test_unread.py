"""Tests of the unread count: it equals a recount after anything that may happen, and stays cheap."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications import actions
from notifications.alike import representatives
from notifications.inbox import Inbox
from notifications.models import LIVE, Notification, ReadMark
from notifications.unread import counting, unread_count, unread_counts, unread_ids
from realtime.models import Stream
from tests.notifications.conftest import relay

pytestmark = pytest.mark.django_db

OPERATIONS = (
    "create",
    "reopen",
    "quiet",
    "read",
    "unread",
    "all_read",
    "archive",
    "unarchive",
    "snooze",
    "unsnooze",
    "wake",
    "dismiss",
    "delete",
    "restore",
    "take_back",
    "relay",
    "join",
    "leave",
)
MANY = 100_000
FILL = """
INSERT INTO notifications_notification
    (id, title, message, level, category, metadata, audience, created_at, updated_at, version, opened_version)
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < %s)
SELECT {id}, 'x', '', 'info', 'system', '{{}}', 'everyone', {time}, {time}, 1, 1 FROM number
"""
WORDS = {
    "sqlite": {"id": "printf('%%032x', n)", "time": "datetime(1.7e9 + n, 'unixepoch')"},
    "postgresql": {"id": "CAST(LPAD(TO_HEX(n), 32, '0') AS uuid)", "time": "TO_TIMESTAMP(1.7e9 + n)"},
}
OPEN = """
INSERT INTO notifications_opening (notification_id, audience, version, "offset")
SELECT id, audience, version, ROW_NUMBER() OVER (ORDER BY id) FROM notifications_notification
"""


@dataclass
class Note:
    """A notification as the reference knows it: who is told, and what each user made of it."""

    audience: str
    pending: bool = True
    deleted: bool = False
    read: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    dismissed: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)
    snoozed: set[str] = field(default_factory=set)

    def open(self) -> None:
        """Show it as unread to everyone again."""
        self.pending, self.deleted = True, False
        for names in (self.read, self.kept, self.dismissed, self.archived, self.snoozed):
            names.clear()


class Reference:
    """The rules, said again without a database: slow, and simple enough to be believed."""

    def __init__(self) -> None:
        self.notes: dict[object, Note] = {}
        self.members: set[str] = set()

    def told(self, user: str, note: Note) -> bool:
        """Return whether *user* is in its audience and it exists."""
        member = note.audience == "group" and user in self.members
        return not note.deleted and (member or note.audience in ("everyone", user))

    def sees(self, user: str, note: Note) -> bool:
        """Return whether *user* has it in their list."""
        return self.told(user, note) and user not in note.dismissed

    def here(self, user: str, note: Note) -> bool:
        """Return whether *user* has it in their inbox."""
        return self.sees(user, note) and user not in note.archived | note.snoozed

    def unread(self, user: str) -> int:
        """Count one by one."""
        return sum(self.here(user, note) and user not in note.read for note in self.notes.values())

    def all_read(self, user: str) -> None:
        """Read what has an offset, also what is another's: the mark is a position."""
        for note in self.notes.values():
            if not note.pending and not note.deleted and not (user in note.snoozed and user not in note.read):
                note.read.add(user)
                note.kept.discard(user)


class World:
    """Two users who do things, two who do not, and a user group, in the database and in the reference."""

    def __init__(self) -> None:
        self.users = {name: User.objects.create_user(name) for name in ("eve", "tom")}
        self.everyone = self.users | {name: User.objects.create_user(name) for name in ("ida", "ivo")}
        self.group = Group.objects.create(name="crew")
        self.reference = Reference()

    def do(self, operation: str, name: str, choice: int) -> None:
        """Do *operation* as *name*, on one of the notifications that this is possible with, if there is one."""
        if operation in ("create", "relay", "join", "leave", "all_read", "wake"):
            getattr(self, operation)(name, choice)
        elif operation in ("reopen", "quiet", "delete", "restore"):
            self.shared(operation, choice)
        else:
            self.own(operation, name, choice)

    def create(self, name: str, choice: int) -> None:
        kind = ("everyone", "group", name)[choice % 3]
        owner = {"everyone": {}, "group": {"group": self.group}}.get(kind, {"user": self.users[name]})
        self.reference.notes[actions.create("x", **owner).pk] = Note(kind)

    def relay(self, name: str, choice: int) -> None:
        relay()
        for note in self.reference.notes.values():
            note.pending = False

    def join(self, name: str, choice: int) -> None:
        if name in self.reference.members:
            return
        self.relay(name, choice)
        self.users[name].groups.add(self.group)
        self.reference.members.add(name)
        for note in self.reference.notes.values():
            if note.audience == "group" and name not in note.kept:
                note.read.add(name)

    def leave(self, name: str, choice: int) -> None:
        self.users[name].groups.remove(self.group)
        self.reference.members.discard(name)

    def all_read(self, name: str, choice: int) -> None:
        actions.mark_all_read(self.users[name])
        self.reference.all_read(name)

    def wake(self, name: str, choice: int) -> None:
        actions.wake(timezone.now() + timedelta(hours=2))
        for note in self.reference.notes.values():
            if note.deleted:  # Nobody is told, and a restoration opens it again.
                continue
            for sleeper in note.snoozed:
                note.read.discard(sleeper)
                note.kept.add(sleeper)
                note.archived.discard(sleeper)
            note.snoozed.clear()

    def shared(self, operation: str, choice: int) -> None:
        wanted = [pk for pk, note in self.reference.notes.items() if note.deleted is (operation == "restore")]
        if not wanted:
            return
        pk = wanted[choice % len(wanted)]
        note = self.reference.notes[pk]
        if operation == "delete":
            actions.delete_for_everyone([pk])  # type: ignore[list-item]
            note.deleted, note.pending = True, False
        elif operation == "restore":
            actions.restore_for_everyone([pk])  # type: ignore[list-item]
            note.open()
        else:
            actions.update(pk, reopen=operation == "reopen", message=operation)  # type: ignore[arg-type]
            if operation == "reopen":
                note.open()

    def own(self, operation: str, name: str, choice: int) -> None:
        away = operation == "take_back"
        told = [pk for pk, note in self.reference.notes.items() if self.reference.told(name, note)]
        wanted = [pk for pk in told if (name in self.reference.notes[pk].dismissed) is away]
        if not wanted:
            return
        pk = wanted[choice % len(wanted)]
        note, user = self.reference.notes[pk], self.users[name]
        if operation in ("archive", "unarchive", "snooze", "unsnooze"):
            self.place(operation, name, pk)
        elif operation == "dismiss":
            actions.dismiss(user, pk)  # type: ignore[arg-type]
            note.dismissed.add(name)
        elif operation == "take_back":
            actions.restore(user, pk)  # type: ignore[arg-type]
            note.dismissed.discard(name)
        elif operation == "read":
            actions.mark_read(user, pk)  # type: ignore[arg-type]
            note.read.add(name)
            note.kept.discard(name)
        else:
            actions.mark_unread(user, pk)  # type: ignore[arg-type]
            if name in note.read:
                note.kept.add(name)
            note.read.discard(name)

    def place(self, operation: str, name: str, pk: object) -> None:
        note, user = self.reference.notes[pk], self.users[name]
        if operation == "snooze":
            actions.snooze(user, pk, timezone.now() + timedelta(hours=1))  # type: ignore[arg-type]
            note.snoozed.add(name)
            return
        getattr(actions, operation)(user, pk)
        if operation == "archive":
            note.archived.add(name)
        if operation == "unarchive":
            note.archived.discard(name)
        else:
            note.snoozed.discard(name)


STEPS = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(["eve", "tom"]), st.integers(0, 20)), min_size=1, max_size=40
)


@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_equals_a_recount(steps: list[tuple[str, str, int]], db: None) -> None:
    """After any sequence of operations the count, the pages and the list of what is unread say what a recount says."""
    with transaction.atomic():
        world = World()
        for step in steps:
            world.do(*step)
            for name, user in world.users.items():
                expected = world.reference.unread(name)
                assert unread_count(user.pk) == expected, (step, name)
            together = {user.pk: world.reference.unread(name) for name, user in world.everyone.items()}
            assert unread_counts(together) == together, step
        for name, user in world.users.items():
            items = Inbox(user).page(200).items
            assert len(items) == Inbox(user).total_count()
            assert sum(not item["read"] for item in items) == world.reference.unread(name)
            assert {i["id"] for i in items if not i["read"]} == {
                i["id"] for i in Inbox(user).page(200, unread_only=True).items
            }
        transaction.set_rollback(True)


@pytest.fixture
def crowd(ann: User) -> Iterator[User]:
    """One of 2,000 users with 100,000 notifications for everyone; of hers the newest 50 are unread."""
    users = User.objects.bulk_create([User(username=f"u{number}") for number in range(2_000)])
    ReadMark.objects.bulk_create([ReadMark(user=user, offset=MANY - 1) for user in users])
    with connection.cursor() as cursor:  # The database makes them in a second, where Python takes eight.
        cursor.execute(FILL.format(**WORDS[connection.vendor]), [MANY])
        cursor.execute(OPEN)
    Stream.objects.update_or_create(name="notifications", defaults={"head": MANY})
    ReadMark.objects.update_or_create(user=ann, defaults={"offset": MANY - 50})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return ann


@pytest.mark.sqlite
def test_one_indexed_query_with_100_000(crowd: User) -> None:
    """With 100,000 notifications the count is one query, and no step of its plan scans one of the growing tables."""
    actions.create("pending")
    with CaptureQueriesContext(connection) as queries:
        assert unread_count(crowd.pk) == 51
    assert len(queries) == 1
    sql, params = counting([crowd.pk])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        plan = [row[3] for row in cursor.fetchall()]
    scans = [step for step in plan if step.startswith(("SCAN", "BLOOM"))]  # A Bloom filter is filled by a scan.
    assert all(step.split()[1] in ("seat", "unread") for step in scans), "\n".join(plan)
    assert any("opening_position" in step for step in plan), plan
    assert any(step.startswith("SEARCH p USING INDEX") for step in plan), plan
    assert any("receipt_unread" in step for step in plan), plan


@pytest.mark.sqlite
def test_who_is_alike_is_found_along_indexes(ann: User) -> None:
    """Whether users have notifications of their own costs each of a crowd that comes back one look into an index."""
    with CaptureQueriesContext(connection) as queries:
        representatives([ann.pk])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {queries[-1]['sql']}")
        plan = [row[3] for row in cursor.fetchall()]
    assert any("notification_newest" in step for step in plan), plan


@pytest.mark.postgresql
def test_what_is_unread_is_found_once_for_a_list(ann: User) -> None:
    """Also before the first ANALYZE, where the planner takes tables for empty: it was found anew for each row."""
    actions.create_many({"title": f"{number}"} for number in range(3))
    relay()
    unread = Notification.objects.filter(pk__in=unread_ids(ann.pk))
    assert unread.count() == 3
    assert "CTE unread" in unread.explain()


def test_snapshot_with_100_000(crowd: User) -> None:
    """A page takes the same few queries with 100,000 notifications, along the index of the newest."""
    with CaptureQueriesContext(connection) as queries:
        page = Inbox(crowd).page(100)
    assert sum(not item["read"] for item in page.items) == 50
    assert len(queries) <= 8
    newest = Notification.objects.filter(audience="everyone", **LIVE)[:100]
    assert "notification_newest" in newest.explain()


def test_many_users_in_one_query(crowd: User) -> None:
    """Counting takes four queries at most for each 500 users."""
    pks = list(User.objects.exclude(pk=crowd.pk).values_list("pk", flat=True)[:501])
    with CaptureQueriesContext(connection) as queries:
        counts = unread_counts(pks)
    assert len(queries) <= 8
    assert set(counts.values()) == {1}
    assert unread_counts([]) == {}
