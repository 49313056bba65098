"""A server that can be measured: how it is started, and how the generator speaks to it."""

import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from bench import proc
from tests.chaos.processes import Child, wait_for
from tests.support.ports import free_port

START: Final = 60.0
DAPHNE: Final = (sys.executable, "-m", "daphne", "-b", "127.0.0.1", "--websocket_connect_timeout", "60")
"""daphne, with more patience than its 5 s for handshakes when a hundred come at once."""


@dataclass(slots=True)
class Place:
    """Where servers run: a directory of the run's own, and a core of their own where there are two."""

    directory: Path
    core: int | None
    sessions: dict[str, str] = field(default_factory=dict)
    """Session keys by user, of the database that Aether's servers get a copy of."""
    _count: int = 0

    def child(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> Child:
        """Return a process on the servers' core, not started yet."""
        self._count += 1
        pinned = ["taskset", "--cpu-list", str(self.core)] if self.core is not None else []
        log = self.directory / f"{self._count:02}-{name}.log"
        return Child(name, [*pinned, *command], log, {**os.environ, **(env or {})})


@dataclass(frozen=True, slots=True)
class Running:
    """A started server: its port, its processes, and those of the broker behind it."""

    port: int
    pids: tuple[int, ...]
    helpers: tuple[int, ...] = ()
    helper_port: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """Roughly how fast a server is, so that a run can say how long it will take."""

    start: float = 1.0
    """Seconds until it listens."""
    connects: float = 3_000.0
    """Connects a second."""
    delivery: float = 20.0
    """Microseconds for a delivery."""


class Peer:
    """One server. `routes` are the rows it has in the tables, each with the publisher that feeds it."""

    name: ClassVar[str]
    title: ClassVar[str]
    protocol: ClassVar[str] = "websocket"
    routes: ClassVar[dict[str, str]]
    single: ClassVar[tuple[str, ...]] = ()
    """What a connection subscribes to where all get everything, and …"""
    keyed: ClassVar[tuple[str, ...]] = ()
    """… where each gets one of many topics."""
    compressions: ClassVar[dict[str, dict[str, str]]] = {"off": {}}
    """What switches compression off and on, where memory is counted for both."""
    pace: ClassVar[Pace] = Pace()
    heavy: ClassVar[bool] = False
    """Whether its largest crowds are measured once, since they take minutes."""

    def absent(self) -> str | None:
        """Return why it cannot be measured here; None where it can."""
        return None

    def version(self) -> str:
        """Return what was measured."""
        raise NotImplementedError

    def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
        """Return the command that serves on *port*, and what its environment has in addition."""
        raise NotImplementedError

    def sessions(self, place: Place) -> list[str]:
        """Return the sessions that the connections share."""
        return []

    @contextlib.contextmanager
    def start(self, place: Place, **env: str) -> Iterator[Running]:
        """Run the server; it ends with the context. Raises: RuntimeError, TimeoutError."""
        port = free_port()
        command, more = self.command(place, port)
        server = place.child(self.name, command, more | env)
        try:
            process = server.start()
            wait_for(lambda: listens(server, port), START, self.title)
            yield Running(port, proc.tree(process.pid))
        finally:
            server.end(signal.SIGKILL, 5)


def listens(server: Child, port: int) -> bool:
    """Say whether *server* takes connections. Raises: RuntimeError, when it has ended."""
    if not server.alive:
        raise RuntimeError(f"{server.name} ended by itself:\n{server.tail()}")
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def found(program: str) -> str | None:
    """Return why *program* cannot be run, or None."""
    return None if shutil.which(program) else f"{program} is not installed."
