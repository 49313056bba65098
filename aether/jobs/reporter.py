"""What runs a job tells the database of it, from a thread of its own: whoever does the work never waits for it.

Lines are sent in batches, with their numbers: a batch of which nobody knows whether it was stored is sent again, and
nothing is lost or doubled by that. While the database is away lines are kept, up to a bound; then who prints waits.
"""

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, connection

from aether.jobs import actions, output
from aether.jobs.models import Job
from aether.jobs.states import Refused, Status

logger = logging.getLogger(__name__)

BATCH_TIME: Final = 0.1
"""Seconds for which lines are collected: under load each message carries several."""
BATCH_SIZE: Final = 250_000
"""Characters after which a batch is sent at once."""
KEPT: Final = 16 * 1024 * 1024
"""Characters that wait at most; who prints more waits until some are stored."""
LOOK: Final = 1.0
"""Seconds between looks at the job: somebody may have cancelled it."""
RETRY: Final = (0.1, 2.0)
"""Seconds until what failed is tried again: at first, and at most."""
PATIENCE: Final = 120.0
"""Seconds for which the end of a job is tried to be told while the database is away."""
HURRY: Final = 5.0
"""The same once the user does not want to wait."""


class Reporter:
    """Send the lines, the progress and the end of one job. Thread-safe."""

    def __init__(self, pk: uuid.UUID) -> None:
        self.pk = pk
        self._on_ended: Callable[[], None] = lambda: None
        self._waiting: deque[str] = deque()
        self._size = 0
        self._progress: int | None = None
        self._changed = threading.Condition()
        self._deadline: float | None = None
        self._sent = 0
        self._sent_at = 0.0
        self._refused = False
        self._bounded = True
        self._hurried = False
        self._latest = float("inf")
        self._thread = threading.Thread(target=self._run, name=f"job-{pk}", daemon=True)

    def on_ended(self, told: Callable[[], None]) -> None:
        """Have *told* called, in the reporter's thread and perhaps again, once somebody else has ended the job."""
        self._on_ended = told

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def line(self, text: str) -> None:
        """Print *text*, which may be several lines. Waits while too much is not stored yet."""
        lines = [part[at : at + output.LINE_LENGTH] for part in text.split("\n") for at in _cuts(part)]
        with self._changed:
            self._changed.wait_for(lambda: self._size < KEPT or self._refused or not self._bounded)
            if not self._refused:
                self._waiting.extend(lines)
                self._size += sum(map(len, lines)) + len(lines)
                self._changed.notify_all()

    def progress(self, percent: int) -> None:
        """Say how far the job has come; of several at once only the last one is told."""
        with self._changed:
            self._progress = max(0, min(100, int(percent)))
            self._changed.notify_all()

    def unbound(self) -> None:
        """Let nobody wait any more who prints: the end has begun. Callable from a signal's handler."""
        with self._changed:
            self._bounded = False
            self._changed.notify_all()

    def hurry(self) -> None:
        """Give up soon what cannot be stored at the end; the second time at once. Callable from a signal's handler."""
        with self._changed:
            soon = time.monotonic() + (0.0 if self._hurried else HURRY)
            self._hurried, self._latest = True, min(self._latest, soon)
            self._changed.notify_all()

    def finish(self, status: str, **changes: Any) -> bool:
        """Send what is left, then how the job ended; say whether that was stored.

        False where the database stayed away, or somebody else had ended the job already.
        """
        with self._changed:
            self._deadline, self._bounded = time.monotonic() + PATIENCE, False
            self._changed.notify_all()
        self._thread.join()
        if self._waiting and not self._refused:
            logger.warning("The database stayed away; %d lines of job %s are lost.", len(self._waiting), self.pk)
        ended = False

        def end() -> None:
            nonlocal ended
            ended = actions.update(self.pk, status=status, **changes).status == status

        self._insist(end)
        return ended

    def _run(self) -> None:
        try:
            while self._wait():
                self._insist(self._send_progress)
                while self._waiting and not self._given_up():
                    self._insist(self._send_lines)
                self._insist(self._look)
            self._insist(self._send_progress)
        except Exception:  # A thread's root: whoever prints must not wait for it for ever.
            logger.exception("Telling of job %s failed; what it says from here on is lost.", self.pk)
            self._end()
        finally:
            connection.close()

    def _wait(self) -> bool:
        """Wait for a batch to be full or due, or for a look; return False when all is sent and the job has ended."""
        with self._changed:
            self._changed.wait_for(self._has_work, timeout=LOOK)
            left = self._sent_at + BATCH_TIME - time.monotonic()
            if left > 0 and self._waiting:  # The first line after a pause goes at once.
                self._changed.wait_for(lambda: self._size >= BATCH_SIZE or self._deadline is not None, left)
            return self._deadline is None or bool(self._waiting and not self._given_up())

    def _has_work(self) -> bool:
        return bool(self._waiting) or self._progress is not None or self._deadline is not None

    def _given_up(self) -> bool:
        return self._refused or (self._deadline is not None and time.monotonic() > min(self._deadline, self._latest))

    def _insist(self, work: Callable[[], None]) -> None:
        """Do *work*, again and again while the database is away, until the patience at the end of a job is over."""
        pause, most = RETRY
        while True:
            try:
                work()
            except (DatabaseError, InterfaceError) as error:
                connection.close()
                logger.warning("What job %s says could not be stored and is kept: %s", self.pk, error)
            except (Refused, Job.DoesNotExist):
                self._end()
                return
            else:
                return
            if self._given_up():
                return
            with self._changed:
                self._changed.wait_for(lambda: False, pause)
            pause = min(pause * 2, most)

    def _send_progress(self) -> None:
        with self._changed:
            progress, self._progress = self._progress, None
        if progress is None:
            return
        try:
            actions.update(self.pk, progress=progress)
        except (DatabaseError, InterfaceError):
            self._keep(progress)
            raise

    def _keep(self, progress: int) -> None:
        """Have *progress* told later, unless there is a newer one."""
        with self._changed:
            if self._progress is None:
                self._progress = progress

    def _send_lines(self) -> None:
        with self._changed:
            batch = _portion(self._waiting)
        if not batch:
            return
        actions.append(self.pk, batch, first=self._sent + 1)
        self._sent += len(batch)
        self._sent_at = time.monotonic()
        with self._changed:
            for line in batch:
                self._waiting.popleft()
                self._size -= len(line) + 1
            self._changed.notify_all()

    def _look(self) -> None:
        if actions.status_of(self.pk) != Status.RUNNING:
            self._on_ended()

    def _end(self) -> None:
        """Take no more: the job has ended without this reporter, or is gone."""
        with self._changed:
            self._refused = True
            self._changed.notify_all()
        self._on_ended()


def _cuts(line: str) -> range:
    """Return where the parts of *line* begin that are no longer than a line may be."""
    return range(0, max(len(line), 1), output.LINE_LENGTH)


def _portion(waiting: deque[str]) -> list[str]:
    """Return what of *waiting* is sent at once; a character may take four bytes."""
    batch: list[str] = []
    room = BATCH_SIZE
    for line in waiting:
        if batch and room < len(line):
            break
        batch.append(line)
        room -= len(line) + 1
    return batch
