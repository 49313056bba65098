"""The server that is measured: production settings without HTTPS, one process, one administrator."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.servers import Server, environment, manage

NAME, PASSWORD = "bench", "ten-thousand-notifications"
MAKE = f"from django.contrib.auth.models import User; User.objects.create_superuser({NAME!r}, password={PASSWORD!r})"
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Place:
    """A running server, and a client that is logged in."""

    server: Server
    client: httpx.Client
    database: str

    @classmethod
    @contextmanager
    def start(cls, database_url: str) -> Iterator["Place"]:
        """Serve a fresh database: the one of *database_url*, or an SQLite file."""
        directory = Path(tempfile.mkdtemp(prefix="aether-ten-thousand-"))
        url = database_url or f"sqlite:///{directory / 'bench.sqlite3'}"
        settings = {
            "DATABASE_URL": url, "DEBUG": "false", "AUTH_ENABLED": "true", "HTTPS": "false", "LOG_LEVEL": "WARNING",
            "STATIC_ROOT": str(directory / "static"), "THROTTLE_ADMIN": "0",
        }  # fmt: skip
        env = environment(**settings)
        say("Migrating …")
        manage("migrate", "-v", "0", env=env, timeout=PATIENCE)
        manage("shell", "-v", "0", "-c", MAKE, env=env, timeout=PATIENCE)
        server = Server(directory / "server", directory, **settings).start()
        try:
            with server.log_in(NAME, PASSWORD) as client:
                client.timeout = httpx.Timeout(PATIENCE)
                yield cls(server, client, "PostgreSQL" if database_url else "SQLite")
        finally:
            server.stop()
            shutil.rmtree(directory, ignore_errors=True)


def say(text: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
