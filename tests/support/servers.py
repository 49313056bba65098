"""Real servers: `manage.py serve` and `manage.py runserver` as processes of their own, each with its database."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.environment import DEFAULTS
from tests.support.ports import free_port
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
START = 60.0
STOP = 40.0


def environment(**changes: str) -> dict[str, str]:
    """Return a process's environment: the tests' own with *changes*; an empty change removes a variable."""
    merged = {**os.environ, **DEFAULTS, "PYTHONUNBUFFERED": "1", **changes}
    merged.pop("DJANGO_SETTINGS_MODULE", None)
    kept = {name: value for name, value in merged.items() if value or name == "AETHER_ENV_FILE"}
    return {name: value for name, value in kept.items() if not name.startswith(("PYTEST_", "COVERAGE_"))}


def manage(*arguments: str, env: dict[str, str], timeout: float = 60.0, check: bool = True) -> str:
    """Run `manage.py` with *arguments* and return what it printed, errors included."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(
        command, env=env, cwd=ROOT, timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if check and done.returncode:
        raise AssertionError(f"manage.py {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class Server:
    """A server process on a free port; `start()` and `stop()` may be called again, and keep its database and port."""

    def __init__(self, directory: Path, template: Path, *, daphne: bool = False, **env: str) -> None:
        """Take a copy of the migrated database *template*, unless `DATABASE_URL` names another one."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.daphne = daphne
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws"
        database = directory / "aether.sqlite3"
        if "DATABASE_URL" not in env and not database.exists():
            shutil.copyfile(template, database)
        self.env = environment(**{"DATABASE_URL": f"sqlite:///{database}"} | env)
        self.log_file = directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the server has printed so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process is not None, "The server is not running."
        return self._process.pid

    def start(self, *options: str, ready: bool = True) -> "Server":
        """Start the process; with *ready*, wait until it serves."""
        address = ["runserver", "--noreload", f"127.0.0.1:{self.port}"]
        if not self.daphne:
            address = ["serve", "--host", "127.0.0.1", "--port", str(self.port)]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *address, *options],
                env=self.env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        if ready:
            wait_for(self._is_ready, START, f"the server at {self.url}")
        return self

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """End the process and return its exit code; one that does not end in time is killed, which fails the test."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(with_signal)
        try:
            return process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"The server did not stop within {STOP} s:\n{self.log[-4000:]}") from None

    def wait(self, deadline: float = 30.0) -> int:
        """Wait until the process ends by itself, and return its exit code."""
        assert self._process is not None, "The server is not running."
        return self._process.wait(deadline)

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run `manage.py` beside the server, with its settings and its database; return what it printed."""
        return manage(*arguments, env=self.env, check=check)

    def python(self, code: str) -> str:
        """Run *code* in `manage.py shell` beside the server; return what it printed, and of the log errors alone."""
        return manage("shell", "-v", "0", "-c", code, env=self.env | {"LOG_LEVEL": "ERROR"})

    def client(self, **options: object) -> httpx.Client:
        """Return an HTTP client of this server; use it as a context manager."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30.0, **options)

    @contextmanager
    def log_in(self, name: str, password: str) -> Iterator[httpx.Client]:
        """Give a client with the session of *name*, who sends the CSRF token with every request."""
        with self.client() as client:
            client.get("/accounts/login/").raise_for_status()
            form = {"username": name, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
            answer = client.post("/accounts/login/", data=form, headers={"Referer": self.url})
            assert answer.status_code == 302, f"{name} could not log in: {answer.status_code}"
            client.headers.update({"X-CSRFToken": client.cookies["csrftoken"], "Referer": self.url})
            yield client

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"The server ended with {self._process.returncode}:\n{self.log[-4000:]}")
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=5).status_code == 200
        except httpx.TransportError:
            return False
