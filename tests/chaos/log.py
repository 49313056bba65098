"""What was committed: the publications of every stream, and who was in which audience at the end."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.database import Postgres

STREAMS = ("notifications", "inventory", "jobs")


@dataclass(frozen=True, slots=True)
class Entry:
    """One committed publication. `many` says that older clients get it as several messages.

    A `detail` is for those v1 clients alone that follow its key by name.
    """

    id: int
    offset: int
    audience: str
    key: str
    at: float
    many: bool
    detail: bool = False


class Follows(NamedTuple):
    """What a client follows of a stream: the objects `keys`, and details of the objects `details`; None for all."""

    keys: frozenset[str] | None
    details: frozenset[str] | None

    def wants(self, entry: Entry) -> bool:
        """Say whether *entry* is for this client, its audience apart."""
        named = self.keys if not entry.detail or self.keys is not None else self.details
        return named is None or entry.key in named


@dataclass(slots=True)
class Log:
    """A stream's publications in order of their offsets, from 1 and without a hole."""

    entries: list[Entry]
    by_id: dict[int, int] = field(init=False)
    _selected: dict[Any, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = {entry.id: entry.offset for entry in self.entries}

    @property
    def head(self) -> int:
        """The highest offset."""
        return len(self.entries)

    def at(self, offset: int) -> Entry | None:
        """Return the publication with that offset."""
        return self.entries[offset - 1] if 0 < offset <= self.head else None

    def after(self, base: int, audiences: frozenset[str], follows: Follows) -> list[int]:
        """Return the offsets after *base* that a client of *audiences* who *follows* the stream so gets."""
        found = self._selected.get((audiences, follows))
        if found is None:
            found = self._selected[audiences, follows] = [
                entry.offset for entry in self.entries if entry.audience in audiences and follows.wants(entry)
            ]
        return found[bisect_right(found, base) :]


@dataclass(frozen=True, slots=True)
class Committed:
    """The whole log, and which user groups each user is in by now."""

    logs: Mapping[str, Log]
    groups: Mapping[int, frozenset[int]]
    epochs: Mapping[str, str]


def read(postgres: Postgres) -> Committed:
    """Return what is committed now. Raises: AssertionError, when offsets are not dense or something is pending."""
    connection = postgres.connect()
    try:
        logs = {stream: Log(_entries(connection, stream)) for stream in STREAMS}
        members: dict[int, set[int]] = {}
        for user, group in connection.execute("SELECT user_id, group_id FROM auth_user_groups"):
            members.setdefault(user, set()).add(group)
        epochs = dict(connection.execute("SELECT name, epoch FROM realtime_stream").fetchall())
    finally:
        connection.close()
    return Committed(logs, {user: frozenset(groups) for user, groups in members.items()}, epochs)


def pending(postgres: Postgres) -> int:
    """Return how many publications have no offset, and how many hosts have still to be lost by themselves."""
    connection = postgres.connect()
    try:
        [row] = connection.execute(
            'SELECT (SELECT COUNT(*) FROM realtime_publication WHERE "offset" IS NULL)'
            " + (SELECT COUNT(*) FROM inventory_host WHERE connected)"
        )
        waiting: int = row[0]
        return waiting
    finally:
        connection.close()


def _entries(connection: Any, stream: str) -> list[Entry]:
    rows: Iterable[Any] = connection.execute(
        'SELECT id, "offset", audience, key, EXTRACT(EPOCH FROM created_at)::float8, legacy IS NOT NULL, detail '
        'FROM realtime_publication WHERE stream = %s AND "offset" IS NOT NULL ORDER BY "offset"',
        [stream],
    )
    entries = [Entry(*row) for row in rows]
    offsets = [entry.offset for entry in entries]
    assert offsets == list(range(1, len(entries) + 1)), f"The offsets of {stream} are not dense."
    return entries
