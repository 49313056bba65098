"""Tests that the files in `docs/deploy` do what `docs/operations.md` says: systemd's units, and the container."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import yaml
from django.core.management import get_commands

from tests.conftest import StartServer
from tests.support.ports import free_port
from tests.support.servers import ROOT, environment
from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(400)
DEPLOY = ROOT / "docs" / "deploy"
UNITS = ("aether.service", "aether.socket")
START = 120.0
PASS_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_FDS": sys.argv[2], "LISTEN_PID": str(os.getpid())}
os.execv(sys.executable, [sys.executable, *sys.argv[3:]])
"""


def unit(name: str) -> list[tuple[str, str]]:
    """Return a unit's settings, in their order."""
    lines = (line for line in (DEPLOY / name).read_text().splitlines() if "=" in line and line[0] not in "#;[")
    return [(key, value) for key, _, value in (line.partition("=") for line in lines)]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="There is no systemd-analyze here.")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """systemd finds nothing wrong with the units; /opt/aether is this checkout, and its user is this one, for that."""
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        text = text.replace("/opt/aether/.venv/bin/python", sys.executable).replace("/opt/aether", str(ROOT))
        (tmp_path / name).write_text(re.sub(r"^(User|Group)=aether$", r"\1=root", text, flags=re.M))
    files = [str(tmp_path / name) for name in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, timeout=120
    )
    said = [line for line in done.stderr.splitlines() if "aether" in line]
    assert (done.returncode, said) == (0, [])


def test_what_the_service_runs_exists() -> None:
    """Its command is one of ours, with options that it has; it leaves the server the time that it needs to drain."""
    settings = dict(unit("aether.service"))
    python, script, command, *options = shlex.split(settings["ExecStart"])
    assert (python, script) == ("/opt/aether/.venv/bin/python", "manage.py")
    assert command in get_commands()
    assert all(option.isdecimal() or option in ("--workers",) for option in options)
    assert int(settings["TimeoutStopSec"]) > 10
    assert ("NoNewPrivileges", "yes") in unit("aether.service")


class Passed:
    """`manage.py serve` with a socket that somebody else listens on, as systemd passes it."""

    def __init__(self, env: dict[str, str], *, count: str = "1") -> None:
        self.listening = socket.socket()
        self.listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.listening.listen()
        self._env = env
        self._count = count

    def start(self) -> "subprocess.Popen[str]":
        """Start the process; the socket stays."""
        descriptor = self.listening.fileno()
        return subprocess.Popen(
            [sys.executable, "-c", PASS_ON, str(descriptor), self._count, "manage.py", "serve"], cwd=ROOT,
            env=self._env, pass_fds=[descriptor], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def ready(self) -> httpx.Response:
        """Ask whether it can serve; waits for as long as nobody accepts."""
        return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=START)


@pytest.fixture
def env(migrated_database: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a server with a database of its own."""
    database = shutil.copy(migrated_database, tmp_path / "deploy.sqlite3")
    return environment(DATABASE_URL=f"sqlite:///{database}", PORT=str(free_port()))


def test_nobody_is_refused_while_it_restarts(env: dict[str, str]) -> None:
    """It serves the socket that systemd passes; who connects while it restarts is answered by the next one."""
    passed = Passed(env)
    first = passed.start()
    assert passed.ready().status_code == 200
    first.send_signal(signal.SIGTERM)
    printed, _ = first.communicate(timeout=60)
    assert (first.returncode, passed.url in printed) == (0, True), printed
    with socket.create_connection(passed.listening.getsockname(), timeout=START) as early:
        early.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        second = passed.start()
        try:
            assert b" 200 " in early.recv(1_000)
        finally:
            second.terminate()
            second.communicate(timeout=60)
    passed.listening.close()


def test_a_socket_that_cannot_be_served(env: dict[str, str]) -> None:
    """Several sockets are refused with what the unit should say."""
    passed = Passed(env, count="2")
    several = passed.start()
    printed, _ = several.communicate(timeout=START)
    passed.listening.close()
    assert (several.returncode, "must have one ListenStream" in printed) == (1, True), printed


class Instruction(NamedTuple):
    """A line of the Containerfile, continued ones joined."""

    name: str
    rest: str


def containerfile() -> Iterator[Instruction]:
    """Yield its instructions."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Containerfile").read_text())
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield Instruction(*line.split(maxsplit=1))


def test_the_container_step_by_step(tmp_path: Path, migrated_database: Path) -> None:
    """What its instructions copy is enough to run its commands: it serves, as a user of its own, and is healthy."""
    port, place = str(free_port()), tmp_path / "image"
    place.mkdir()
    database = shutil.copy(migrated_database, tmp_path / "container.sqlite3")
    base = {"PATH": os.environ["PATH"], "AETHER_ENV_FILE": "", "PYTHONDONTWRITEBYTECODE": "1"}
    found: dict[str, str] = {}
    for name, rest in containerfile():
        found[name] = rest
        if name == "COPY":
            copy(place, *rest.split())
        elif name == "RUN" and "manage.py" in rest:
            run = rest.replace(" python ", f" {sys.executable} ")
            subprocess.run(["bash", "-c", run], cwd=place, env=base, check=True, timeout=200)
        elif name == "RUN":
            assert re.match(r"useradd --system|pip install -r requirements.txt$", rest), rest
    assert found["USER"] == "aether"
    for path in [place, *place.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    made = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    assert place / "staticfiles" / "staticfiles.json" in made
    env = base | {"SECRET_KEY": "of-this-test-" + "0123456789abcdef" * 3, "DATABASE_URL": f"sqlite:///{database}"}
    health = [part.replace(":8000", f":{port}") for part in json.loads(found["HEALTHCHECK"].partition("CMD ")[2])]
    command = [part.replace("8000", port) for part in json.loads(found["CMD"])]
    server = subprocess.Popen([sys.executable, *command[1:]], cwd=place, env=env, stderr=subprocess.DEVNULL)
    try:
        check = [sys.executable, *health[1:]]
        healthy = lambda: subprocess.run(check, env=base, capture_output=True).returncode == 0  # noqa: E731
        wait_for(healthy, START, "the container's health check")
    finally:
        server.terminate()
        assert server.wait(60) == 0
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == made, "It wrote into its image."


def copy(place: Path, source: str, target: str) -> None:
    """Copy a file or a directory of the build's context."""
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, place / target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / source, place / target)


def test_compose_names_what_there_is() -> None:
    """Its commands and its settings exist, and servers start after the migrations and as nobody special."""
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services, known = found["services"], (ROOT / "docs" / "settings.md").read_text()
    own = {name: service for name, service in services.items() if service.get("image") == "aether"}
    assert set(own) == {"migrate", "aether"}
    for service in own.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert [name for name in service["environment"] if f"`{name}`" not in known] == []
    assert own["migrate"]["command"][2] in get_commands()
    assert own["aether"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


BACK_AND_FORTH = """
from django.core.management import call_command
from django.db import connection
def tables():
    return set(connection.introspection.table_names())
whole = tables()
for app in ("rules", "jobs", "inventory", "notifications", "realtime"):
    call_command("migrate", app, "zero", verbosity=0)
left = [name for name in tables() if name.startswith(("realtime_", "notifications_", "inventory_", "jobs_", "rules_"))]
call_command("migrate", verbosity=0)
print(len(whole), left, tables() == whole)
"""


def test_migrations_go_back_and_forth(start_server: StartServer) -> None:
    """All migrations can be undone, and done again; the server then works as before."""
    server = start_server(AUTH_ENABLED="false")
    server.stop()
    count, left, same = server.python(BACK_AND_FORTH).split()[-3:]
    assert int(count) > 20
    assert (left, same) == ("[]", "True")
    server.start()
    assert server.manage("notify", "Still there").strip()
    with server.client() as client:
        assert client.get("/api/v1/notifications").json()["total_count"] == 1
