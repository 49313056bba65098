"""What jobs print in the harness, and what a client makes of it: each line follows from its job and its number."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

BLANK_EVERY: Final = 11
"""Every so many lines one is blank, which must be kept like any other."""
LIFE: Final = 8.0
"""Seconds that a job works, on average."""
AT_ONCE: Final = 4
"""Jobs that report at the same time, beside the one that lasts as long as the run."""


def named(seed: int, seconds: float) -> list[str]:
    """Return the ids of the jobs that clients follow by name; the first one lasts as long as the run."""
    count = 1 + AT_ONCE + int(AT_ONCE * seconds / LIFE)
    return [str(uuid.uuid5(uuid.NAMESPACE_OID, f"chaos-{seed}-{number}")) for number in range(count)]


def line(job: str, number: int) -> str:
    """Return what a job prints as its line *number*."""
    return "" if number % BLANK_EVERY == 0 else f"{number} of {job} \x1b[32m✓\x1b[0m" + "." * (number % 83)


class Printed:
    """The lines that a client was told, of each job that it heard of; `faults` names what was wrong with them."""

    def __init__(self) -> None:
        self.following: dict[str, int] = {}
        """By job the number of the line that must come next."""
        self.lines = 0
        self._snapshots: dict[str, int] = {}
        self.faults: list[str] = []

    def snapshot(self, job: str, data: Mapping[str, Any]) -> None:
        """Take the newest lines of a job; what comes next continues there."""
        first, lines = data["first_line"], data["lines"]
        self._check(job, first, lines)
        if data["job"] is not None and first + len(lines) < self.following.get(job, 1):
            self.faults.append(f"{job}: a snapshot ends before line {self.following[job]}, which is known")
        self.following[job] = self._snapshots[job] = first + len(lines)

    def output(self, message: Mapping[str, Any]) -> None:
        """Take lines that are new. The first that are heard of a job may be any."""
        job, first, lines = message["job_id"], message["first_line"], message["data"]["lines"]
        self._check(job, first, lines)
        if first + len(lines) <= self._snapshots.get(job, 0):
            return  # It was pending in the snapshot, and comes again on another connection.
        expected = self.following.get(job, first)
        if first != expected:
            self.faults.append(f"{job}: lines from {first} on came where {expected} was next")
        self.following[job] = first + len(lines)
        self.lines += len(lines)

    def forget(self) -> None:
        """Know nothing more, as a client that connects anew and resumes nothing, or is told that it cannot go on."""
        self.following.clear()
        self._snapshots.clear()

    def _check(self, job: str, first: int, lines: Sequence[str]) -> None:
        wrong = [number for number, text in enumerate(lines, first) if text != line(job, number)]
        if wrong:
            self.faults.append(f"{job}: line {wrong[0]} is not what was printed ({len(wrong)} such lines)")
