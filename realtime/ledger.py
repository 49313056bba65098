"""How the audit's rows get into the database: by a thread of their own, in batches, and never too many.

Who records waits for nothing. A database that is away costs the rows of that time, which the log still has.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection

from realtime.limits import TokenBucket
from realtime.models import AuditEvent

logger = logging.getLogger(__name__)

PAUSE: Final = 0.2
"""Seconds in which events share one statement."""
LAST_WORDS: Final = 5.0
"""Seconds that a process which ends waits for a batch that is being written."""
WINDOW: Final = 60.0
"""Seconds in which what is over the budget becomes one row per kind of event."""
STRANGERS: Final = {"rate": 1.0, "burst": 500.0}
KNOWN: Final = {"rate": 20.0, "burst": 5_000.0}
"""Rows that may be written, per second and at once. What strangers can cause has a budget of its own: a flood of
refusals fills neither the database nor the place of what somebody with rights did."""
COLLAPSED: Final = {"collapsed": True}

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event on its way to a row."""

    at: datetime
    event: str
    user_id: str = ""
    username: str = ""
    address: str = ""
    client_id: str = ""
    request_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What is the same in events that are alike: all but the time and the ids."""
        return self.event, self.user_id, self.username, self.address, repr(sorted(self.details.items()))


@dataclass(slots=True)
class Repeated:
    """What came again after its row: the first of those, and how many they are."""

    until: float
    entry: Entry
    count: int = 0


Counted = tuple[Entry, int]


class Ledger:
    """Take entries from any thread and hand them to *write* in batches, in a thread of its own.

    Of entries that are alike, within a *window*, the first is a row at once, and the others are one row at its end.
    """

    def __init__(
        self, write: Callable[[Sequence[Counted]], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._clock = clock
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._due: list[Counted] = []
        self._repeated: dict[Key, Repeated] = {}
        self._budgets = {False: TokenBucket(**KNOWN, clock=clock), True: TokenBucket(**STRANGERS, clock=clock)}
        self._thread: threading.Thread | None = None

    def add(self, entry: Entry, *, window: float = 0.0, stranger: bool = False) -> None:
        """Take *entry*. Never waits for the database."""
        with self._changed:
            if window and entry.key in self._repeated:
                self._count(entry, window)
            elif self._budgets[stranger].take():
                if window:
                    self._repeated[entry.key] = Repeated(self._clock() + window, entry)
                self._due.append((entry, 1))
            else:
                self._count(Entry(entry.at, entry.event, details=COLLAPSED), WINDOW)
            self._start()
            self._changed.notify()

    def flush(self) -> None:
        """Write everything now, in this thread; what is counted is not waited for any longer."""
        if self._writing.acquire(timeout=LAST_WORDS):
            try:
                self._write_out(self._take(everything=True))
            finally:
                self._writing.release()

    def forget(self) -> None:
        """Start anew in a forked child, which has not the thread; its parent writes what is due."""
        self.__init__(self._write, clock=self._clock)  # type: ignore[misc]

    def _count(self, entry: Entry, window: float) -> None:
        held = self._repeated.setdefault(entry.key, Repeated(self._clock() + window, entry))
        if not held.count:
            held.entry = entry
        held.count += 1

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="aether-audit", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._is_due():
                    self._changed.wait(self._patience())
            time.sleep(PAUSE)
            with self._writing:
                self._write_out(self._take())

    def _is_due(self) -> bool:
        now = self._clock()
        return bool(self._due) or any(held.until <= now for held in self._repeated.values())

    def _patience(self) -> float | None:
        now = self._clock()
        return min((held.until - now for held in self._repeated.values()), default=None)

    def _take(self, *, everything: bool = False) -> list[Counted]:
        with self._changed:
            now = self._clock()
            over = [key for key, held in self._repeated.items() if everything or held.until <= now]
            counted = [(held.entry, held.count) for held in map(self._repeated.pop, over) if held.count]
            due, self._due = self._due, []
            return due + counted

    def _write_out(self, rows: list[Counted]) -> None:
        if not rows:
            return
        try:
            self._write(rows)
        except Exception as error:  # noqa: BLE001  A task's root.
            logger.warning("%d rows of the audit could not be written; the log has them: %s", len(rows), error)


def write(rows: Sequence[Counted]) -> None:
    """Insert *rows*. Leaves no connection open, since the next rows may be hours away."""
    try:
        AuditEvent.objects.bulk_create((_row(entry, count) for entry, count in rows), batch_size=500)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _row(entry: Entry, count: int) -> AuditEvent:
    return AuditEvent(**{**asdict(entry), "details": dict(entry.details)}, count=count)


ledger = Ledger(write)
atexit.register(ledger.flush)
os.register_at_fork(after_in_child=ledger.forget)
