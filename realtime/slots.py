"""How the workers behind one address know each other's numbers: a file for each in a directory that they share.

A worker holds its file by a lock, which ends with it however it dies. Whoever takes the place of a dead one goes on
from its counters, so that a sum over all files never goes back, whichever worker makes it.
"""

import fcntl
import json
from itertools import count
from pathlib import Path
from typing import IO, Any

from realtime import metrics
from realtime.metrics import COUNTER, HISTOGRAM, Reading


class Slot:
    """One worker's place in *directory*, until the process ends or `close`."""

    def __init__(self, directory: Path) -> None:
        """Take the first place that nobody holds. Raises: OSError."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._lock, self._file = _take(directory)
        self._before = metrics.add([_load(self._file)], [COUNTER, HISTOGRAM])

    def write(self, reading: Reading) -> None:
        """Let all workers know *reading*. Raises: OSError."""
        total = metrics.add([self._before, reading])
        scratch = self._file.with_suffix(".new")
        rows = {name: list(found.items()) for name, found in total.items()}
        scratch.write_text(json.dumps(rows))
        scratch.replace(self._file)

    def total(self) -> Reading:
        """Return the sum of what all workers have written: of those that are gone the counters alone."""
        living: list[Reading] = []
        gone: list[Reading] = []
        for path in sorted(self._directory.glob("*.json")):
            (living if path == self._file or _is_held(path) else gone).append(_load(path))
        return metrics.add([*living, metrics.add(gone, [COUNTER, HISTOGRAM])])

    def close(self) -> None:
        """Give the place up; its counters stay. Safe to call twice."""
        self._lock.close()


def _take(directory: Path) -> tuple[IO[Any], Path]:
    for number in count():
        path = directory / f"{number}.json"
        lock = path.with_suffix(".lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return lock, path
    raise AssertionError


def _is_held(path: Path) -> bool:
    try:
        with path.with_suffix(".lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _load(path: Path) -> Reading:
    try:
        rows = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    # By their width, since a worker may have been started anew with another version.
    widths = {metric.name: metric.width for metric in metrics.METRICS}
    return {
        name: {tuple(labels): sample for labels, sample in found if len(sample) == widths.get(name)}
        for name, found in rows.items()
    }
