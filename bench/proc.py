"""What the kernel knows of a process: its CPU time, its memory, its children."""

import os
import time
from collections.abc import Iterable
from pathlib import Path


def tree(pid: int) -> tuple[int, ...]:
    """Return *pid* and all of its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return tuple(found)


def cpu(pids: Iterable[int]) -> float:
    """Return the seconds, user and system together, that the processes have used; in nanoseconds' precision.

    Linux names each process's CPU clock by its id; `/proc/<pid>/stat` has the same figure in hundredths.
    """
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def machine() -> float:
    """Return the seconds that all cores together have spent on processes, or that a hypervisor kept from them.

    Interrupts are left out: they are nobody's.
    """
    user, nice, system, _, _, _, _, stolen = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + stolen) / os.sysconf("SC_CLK_TCK")


def memory(pids: Iterable[int]) -> int:
    """Return the bytes of RAM that the processes hold."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


def sockets(pids: Iterable[int]) -> int:
    """Return how many sockets the processes have open."""
    return sum(_is_socket(entry) for pid in pids for entry in Path(f"/proc/{pid}/fd").iterdir())


def _is_socket(entry: Path) -> bool:
    try:
        return str(entry.readlink()).startswith("socket:")
    except OSError:  # It was closed in between.
        return False


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # It ended in between.
        return None
