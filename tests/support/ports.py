"""Ports for the servers of tests: each is given once in a long while, to whichever of the processes asks.

A port that the kernel picks (bind to 0) and that is then let go may be picked again before its server listens there:
by another test process, or as the near end of any connection. So they come in turn from below the kernel's own range.
"""

import fcntl
import os
import socket
import tempfile
from pathlib import Path
from typing import Final

COUNT: Final = 10_000
TURN: Final = Path(tempfile.gettempdir()) / f"aether-ports-{os.getuid()}"
"""Where the next one stands, for whatever of this user's tests run on the machine."""
KERNELS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on, and that nobody else is given for long."""
    first = max(_end() - COUNT, 1_024)
    with TURN.open("a+") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        turn.seek(0)
        taken = int(turn.read() or 0)
        while not _free(first + taken):
            taken = (taken + 1) % COUNT
        turn.truncate(0)
        turn.write(str((taken + 1) % COUNT))
        return first + taken


def _end() -> int:
    """Return where the kernel's own range begins; 32768 is Linux' default (its ip-sysctl page)."""
    return int(KERNELS.read_text().split()[0]) if KERNELS.exists() else 32_768


def _free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
