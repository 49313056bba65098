"""Somebody else's project: what `docs/embedding.md` shows, put where it says, with the apps out of their wheel."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.support.ports import free_port
from tests.support.servers import ROOT
from tests.support.waiting import wait_for

PAGE = ROOT / "docs" / "embedding.md"
SOURCES = ("realtime", "notifications", "static")
STEP = re.compile(
    r"(?:(?P<how>Add to the end of )?`(?P<path>[\w/.]+\.\w+)`(?: becomes)?:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```",
    re.M | re.S,
)
PASSWORD = "a-password-for-this-test"
START = 90.0


class Step(NamedTuple):
    """A block of the page: commands where there is no path and the kind is `sh`, else what a file gets."""

    kind: str
    text: str
    path: str | None
    appended: bool


def steps() -> list[Step]:
    """Return the blocks of the page in their order."""
    return [
        Step(found["kind"], found["text"], found["path"], bool(found["how"]))
        for found in STEP.finditer(PAGE.read_text())
    ]


def build_wheel(directory: Path) -> Path:
    """Return the wheel that `pip install .` would make and install."""
    source = directory / "source"
    source.mkdir()
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check", "-w", str(directory)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", ".", *options], cwd=source, check=True, timeout=300)
    [wheel] = directory.glob("*.whl")
    return wheel


class Project:
    """A project in *directory*, which finds what the wheel holds in *installed*."""

    def __init__(self, directory: Path, installed: Path) -> None:
        self.directory = directory
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.env = {
            **kept, "PYTHONPATH": str(installed), "PYTHONUNBUFFERED": "1",
            "DJANGO_SUPERUSER_USERNAME": "ann", "DJANGO_SUPERUSER_EMAIL": "ann@example.org",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }  # fmt: skip
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: subprocess.Popen[bytes] | None = None

    def put(self, step: Step) -> None:
        """Write a file, or add to it, as the page says."""
        assert step.path is not None
        path = self.directory / step.path
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() if step.appended else ""
        path.write_text(before + step.text)

    def run(self, line: str) -> str:
        """Run a command line of the page, which must succeed; return what it printed."""
        line = re.sub(r"^(python|django-admin) ", lambda tool: f"{TOOLS[tool[1]]} ", line)
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.directory, env=self.env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def serve(self, line: str) -> None:
        """Start the server that *line* names, on a port of the test's own; the one before it ends."""
        self.stop()
        command = line.split()[1:]
        if "runserver" in command:
            command += ["--noreload", f"127.0.0.1:{self.port}"]
        else:
            command[command.index("--port") + 1] = str(self.port)
        with (self.directory / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, *command], cwd=self.directory, env=self.env, stdout=log, stderr=log
            )
        wait_for(self._answers, START, "the server")

    def stop(self) -> None:
        """End the server, where one runs."""
        server, self._server = self._server, None
        if server is not None:
            server.terminate()
            server.wait(30)

    @property
    def log(self) -> str:
        """What its servers have printed."""
        return (self.directory / "server.log").read_text()

    def _answers(self) -> bool:
        assert self._server is not None
        assert self._server.poll() is None, self.log
        try:
            return httpx.get(f"{self.url}/admin/login/", trust_env=False, timeout=10).status_code == 200
        except httpx.TransportError:
            return False


TOOLS = {"python": sys.executable, "django-admin": f"{sys.executable} -m django"}


def commands(step: Step) -> Iterator[str]:
    """Yield the command lines of a step."""
    yield from (line for line in step.text.splitlines() if line and not line.startswith("#"))
