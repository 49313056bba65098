"""Aether itself, as `manage.py serve` runs it, and under daphne."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from bench.peers.base import DAPHNE, Pace, Peer, Place, Running
from bench.peers.valkey import valkey
from bench.product import prepare
from tests.chaos.processes import ROOT

TEMPLATE = "template.sqlite3"


def environment(place: Place, database: str) -> dict[str, str]:
    """Return the environment of a production server without HTTPS, with a database of the run's own."""
    return {
        "DJANGO_SETTINGS_MODULE": "bench.product.settings",
        "AETHER_ENV_FILE": "",
        "SECRET_KEY": "bench-" + "0123456789abcdef" * 4,
        "DEBUG": "false",
        "AUTH_ENABLED": "true",
        "HTTPS": "false",
        "DATABASE_URL": f"sqlite:///{place.directory / database}",
        "REDIS_URL": "",
        "STATIC_ROOT": str(place.directory / "static"),
        "NOTIFICATION_SNAPSHOT_SIZE": str(prepare.SHOWN),
        "PYTHONPATH": str(ROOT),
        # All clients come from one address here; the limits are counted all the same.
        "LIMIT_CONNECTIONS_PER_IP": "10000",
        "LIMIT_CONNECTS_PER_IP": "100000",
    }


def prepare_database(place: Place, *, unread: int = prepare.UNREAD, migrated: Path | None = None) -> None:
    """Make the database that each server gets a copy of, from a *migrated* one where there is one.

    One user has *unread* notifications of their own. Raises: CalledProcessError.
    """
    env = {**os.environ, **environment(place, TEMPLATE)}
    if migrated is not None:
        shutil.copyfile(migrated, place.directory / TEMPLATE)
    else:
        subprocess.run([sys.executable, str(ROOT / "manage.py"), "migrate", "-v", "0"], check=True, env=env, cwd=ROOT)
    fill = [sys.executable, "-m", "bench.product.prepare", str(unread)]
    done = subprocess.run(fill, check=True, env=env, cwd=ROOT, stdout=subprocess.PIPE)
    place.sessions = json.loads(done.stdout)


class Aether(Peer):
    """uvicorn, one process, SQLite on the disk, the in-memory channel layer; sessions, limits, positions on."""

    name = "aether"
    title = "Aether"
    protocol = "aether"
    routes = {"Aether": "aether", "Aether, ephemeral topic": "aether, passing"}
    single = ("bench", "passing")
    keyed = ("bench:{topic}", "passing:{topic}")
    pace = Pace(start=3.0, connects=250.0)
    compressions = {"off": {"WEBSOCKET_COMPRESSION": "false"}, "on": {"WEBSOCKET_COMPRESSION": "true"}}

    def version(self) -> str:
        """Return the server's and the loop's versions."""
        return f"uvicorn {version('uvicorn')}, uvloop {version('uvloop')}, Django {version('Django')}"

    def sessions(self, place: Place) -> list[str]:
        """Return those of the 500 users."""
        return [key for name, key in place.sessions.items() if name not in (prepare.WRITER, prepare.READER)]

    def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
        """Serve with a new copy of the database."""
        database = f"{self.name}-{port}.sqlite3"
        shutil.copyfile(place.directory / TEMPLATE, place.directory / database)
        return self.server(port), environment(place, database)

    def server(self, port: int) -> list[str]:
        """Return the server's command."""
        return [sys.executable, str(ROOT / "manage.py"), "serve", "--host", "127.0.0.1", "--port", str(port)]


class AetherOnDaphne(Aether):
    """The same application without the frame writer."""

    name = "aether-daphne"
    title = "Aether on daphne"
    routes = {"Aether on daphne": "aether"}
    compressions = {"off": {}}
    pace = Pace(start=3.0, connects=250.0, delivery=200.0)
    heavy = True

    def version(self) -> str:
        """Return the server's version."""
        return f"daphne {version('daphne')}, Django {version('Django')}"

    def server(self, port: int) -> list[str]:
        """Return daphne's command."""
        return [*DAPHNE, "-p", str(port), "aether.asgi:application"]


class AetherOnValkey(Aether):
    """The same with Valkey as its channel layer, as several workers or machines have it."""

    name = "aether-valkey"
    title = "Aether with Valkey"
    routes = {"Aether with Valkey": "aether"}

    @contextlib.contextmanager
    def start(self, place: Place, **env: str) -> Iterator[Running]:
        """Run both."""
        with valkey(place) as (port, pid), super().start(place, REDIS_URL=f"redis://127.0.0.1:{port}/0", **env) as node:
            yield Running(node.port, node.pids, (pid,), port)
