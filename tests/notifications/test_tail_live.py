"""Tests of `manage.py notifications tail`, as a process beside other processes, on both databases."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.chaos.database import Postgres
from tests.conftest import LOCAL
from tests.support.servers import ROOT, Server, environment, manage
from tests.support.waiting import wait_for

# Each has databases of its own, so that once is enough.
pytestmark = [pytest.mark.timeout(400), pytest.mark.sqlite]
PATIENCE = 120.0
NEVER_TICKS = """
import sys, django; django.setup()
from django.core.management import execute_from_command_line
import realtime.tailing
realtime.tailing.TICK = 3600.0
execute_from_command_line(["manage.py", "notifications", "tail", *sys.argv[1:]])
"""
Env = dict[str, str]


class Tail:
    """A running `notifications tail`, and what it has said so far; with *code* it is Python of the test's own."""

    def __init__(self, env: Env, *options: str, code: str = "", output: int = subprocess.PIPE) -> None:
        command = ["-c", code] if code else [str(ROOT / "manage.py"), "notifications", "tail"]
        self.process = subprocess.Popen(
            [sys.executable, *command, *options], env=env, cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._threads = [self._gather(self.process.stdout, self.lines), self._gather(self.process.stderr, self.errors)]

    def titles(self) -> list[str]:
        """Return the titles so far, of JSON lines."""
        return [json.loads(line)["data"]["title"] for line in self.lines]

    def shows(self, *texts: str) -> None:
        """Wait until the lines contain *texts*, one each and no more of them."""
        wait_for(lambda: len(self.lines) >= len(texts), PATIENCE, f"{texts}; {self.lines} {self.errors}")
        assert len(self.lines) == len(texts), self.lines
        assert all(text in line for text, line in zip(texts, self.lines, strict=True)), self.lines

    def says(self, text: str) -> None:
        """Wait until stderr says *text*."""
        wait_for(lambda: any(text in line for line in self.errors), PATIENCE, f"{text!r}; {self.errors}")

    def end(self, with_signal: signal.Signals = signal.SIGINT) -> int:
        """Send the signal, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        return code

    @staticmethod
    def _gather(stream: Any, into: list[str]) -> threading.Thread:
        def gather() -> None:
            into.extend(line.rstrip("\n") for line in stream or ())

        thread = threading.Thread(target=gather)
        thread.start()
        return thread


StartTail = Callable[..., Tail]


@pytest.fixture
def start_tail() -> Iterator[StartTail]:
    """Start tails: `start_tail(env, "--json")`; those that still run end with the test."""
    tails: list[Tail] = []

    def start(env: Env, *options: str, **more: Any) -> Tail:
        tails.append(Tail(env, *options, **more))
        return tails[-1]

    yield start
    for tail in tails:
        tail.end(signal.SIGKILL)


@pytest.fixture
def sqlite(migrated_database: Path, tmp_path: Path) -> Env:
    """The environment of a project with a migrated SQLite file of its own."""
    database = shutil.copy(migrated_database, tmp_path / "tail.sqlite3")
    return environment(DATABASE_URL=f"sqlite:///{database}", LOG_LEVEL="WARNING", **LOCAL)


@pytest.fixture
def postgresql(request: pytest.FixtureRequest) -> Env:
    """The environment of a project with a migrated PostgreSQL database of its own."""
    url, name = request.getfixturevalue("postgres_url"), f"tail_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    env = environment(DATABASE_URL=urlsplit(url)._replace(path=f"/{name}").geturl(), LOG_LEVEL="WARNING", **LOCAL)
    manage("migrate", "-v", "0", env=env, timeout=300)
    return env


@pytest.fixture(params=["sqlite", "postgresql"])
def env(request: pytest.FixtureRequest) -> Env:
    """The environment of a project on either database."""
    return request.getfixturevalue(request.param)


def notify(env: Env, *arguments: str) -> str:
    """Run the command in a process of its own; return what it prints."""
    return manage("notify", *arguments, env=env, timeout=PATIENCE).strip()


def test_it_follows_without_a_server(env: Env, start_tail: StartTail) -> None:
    """What another shell writes appears though no server runs; what was there before comes first; Ctrl-C ends it."""
    notify(env, "Before")
    tail = start_tail(env, "--json")
    tail.shows("Before")
    notify(env, "Meanwhile", "--level", "error")
    tail.shows("Before", "Meanwhile")
    first, second = map(json.loads, tail.lines)
    assert (first["offset"], second["offset"], second["for"]) == (1, 2, "everyone")
    assert (second["type"], second["action"], second["data"]["level"]) == ("notification", "created", "error")
    assert (tail.end(), tail.errors) == (0, [])


def test_it_follows_beside_a_server(env: Env, start_tail: StartTail, tmp_path: Path) -> None:
    """What the server's own clients do appears, in the server's order, and nothing twice."""
    server = Server(tmp_path / "beside", tmp_path, **{**LOCAL, "DATABASE_URL": env["DATABASE_URL"]}).start()
    try:
        tail = start_tail(env, "--json", "-n", "0")
        with server.client() as client:
            titles = [f"Number {number}" for number in range(30)]
            begun = client.post("/api/v1/notifications", json={"title": "Begun"}).json()["id"]
            wait_for(lambda: tail.lines or (notify(env, "Are you there?") and tail.lines), PATIENCE, "the tail")
            for title in titles:
                client.post("/api/v1/notifications", json={"title": title}).raise_for_status()
            client.delete(f"/api/v1/notifications/{begun}").raise_for_status()
        wait_for(lambda: '"deleted"' in tail.lines[-1], PATIENCE, "the deletion")
        messages = [json.loads(line) for line in tail.lines]
        offsets = [message["offset"] for message in messages]
        assert offsets == list(range(offsets[0], offsets[0] + len(offsets)))
        assert [message["data"].get("title") for message in messages][-31:-1] == titles
        assert (tail.end(), tail.errors) == (0, [])
    finally:
        server.stop()


def test_the_channel_layer_wakes_it(postgresql: Env, valkey_url: str, start_tail: StartTail, tmp_path: Path) -> None:
    """With Redis a server's message wakes it: it need not look by the clock."""
    env = postgresql | {"REDIS_URL": valkey_url}
    extra = {**LOCAL, "DATABASE_URL": env["DATABASE_URL"], "REDIS_URL": valkey_url}
    server = Server(tmp_path / "redis", tmp_path, **extra).start()
    try:
        environ = env | {"DJANGO_SETTINGS_MODULE": "aether.settings"}
        tail = start_tail(environ, "--json", "-n", "0", code=NEVER_TICKS)

        def woken() -> bool:
            with server.client() as client:
                client.post("/api/v1/notifications", json={"title": "Wake up"}).raise_for_status()
            return len(tail.lines) > 1

        wait_for(woken, PATIENCE, "a message")
        assert tail.titles()[-1] == "Wake up"
        assert (tail.end(), tail.errors) == (0, [])
    finally:
        server.stop()


def test_a_terminal_is_coloured(sqlite: Env, start_tail: StartTail) -> None:
    """Levels have their colours on a terminal, unless NO_COLOR asks for none; times are of the reader's zone."""
    notify(sqlite, "Red \x1b]0;owned\x07", "--level", "error")

    def on_a_terminal(**more: str) -> str:
        ours, theirs = pty.openpty()
        tail = start_tail(sqlite | more, "--no-follow", output=theirs)
        assert tail.process.wait(PATIENCE) == 0
        os.close(theirs)
        text = os.read(ours, 10_000).decode()
        os.close(ours)
        return text

    assert "\x1b[31merror" in (colored := on_a_terminal())
    assert "\x1b]0" not in colored
    assert "\x07" not in colored
    east = on_a_terminal(NO_COLOR="1", TZ="Etc/GMT-6")
    west = on_a_terminal(NO_COLOR="1", TZ="Etc/GMT+6")
    assert "\x1b" not in east + west
    assert (int(east[:2]) - int(west[:2])) % 24 == 12


@pytest.mark.parametrize(("options", "escaped"), [((), "Fine \\U0001f600"), (("--json",), "Fine \\ud83d\\ude00")])
def test_a_letter_that_the_output_lacks(
    sqlite: Env, start_tail: StartTail, options: tuple[str, ...], escaped: str
) -> None:
    """Where the output's encoding lacks a letter it is shown escaped; what comes after it is shown, too."""
    for title in ("Fine 😀", "After it"):
        notify(sqlite, title)
    tail = start_tail(sqlite | {"PYTHONIOENCODING": "latin-1"}, "--no-follow", *options)
    assert tail.process.wait(PATIENCE) == 0
    tail.shows(escaped, "After it")
    assert tail.errors == []


def test_a_closed_pipe_ends_it(sqlite: Env, start_tail: StartTail) -> None:
    """Where nobody reads any more it ends by itself and quietly, though nothing comes."""
    for number in range(3):
        notify(sqlite, f"Number {number}")
    reading, writing = os.pipe()
    tail = start_tail(sqlite, output=writing)
    os.close(writing)
    assert b"Number 0" in os.read(reading, 10_000)
    os.close(reading)
    assert tail.process.wait(PATIENCE) == 0
    assert (tail.end(), tail.errors) == (0, [])


def test_a_reset_is_reported(sqlite: Env, start_tail: StartTail) -> None:
    """After a restored backup it says so, and goes on by time: without loss, and nothing twice."""
    notify(sqlite, "Before")
    tail = start_tail(sqlite, "--json")
    tail.shows("Before")
    manage("after_restore", env=sqlite)
    tail.says("notifications: reset (epoch_changed)")
    notify(sqlite, "After")
    tail.shows("Before", "After")


def test_offsets_that_come_again(sqlite: Env, start_tail: StartTail) -> None:
    """What a backup had not, and was written anew under the same offsets, is shown."""
    database = Path(urlsplit(sqlite["DATABASE_URL"]).path)
    notify(sqlite, "Before")
    tail = start_tail(sqlite, "--json")
    tail.shows("Before")
    notify(sqlite, "Lost")
    tail.shows("Before", "Lost")
    manage("shell", "-v", "0", "-c", FORGET, env=sqlite)
    assert database.exists()
    tail.says("notifications: reset (the database is behind")
    notify(sqlite, "Written anew")
    tail.shows("Before", "Lost", "Written anew")
    assert json.loads(tail.lines[1])["offset"] == json.loads(tail.lines[2])["offset"]


FORGET = """
from django.db import transaction
from realtime.models import Publication, Stream
with transaction.atomic():
    Publication.objects.filter(stream="notifications", offset=2).delete()
    Stream.objects.filter(name="notifications").update(head=1)
"""


def test_the_database_restarts(start_tail: StartTail, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Over a crash and a restart of PostgreSQL it says so on stderr, and shows each notification once."""
    directory = Path(os.environ["AETHER_TEST_DIR"]) / f"tail-{uuid.uuid4().hex}"
    directory.mkdir(mode=0o755)
    Path(os.environ["AETHER_TEST_DIR"]).chmod(0o755)
    postgres = Postgres(directory / "data", directory)
    postgres.create()
    postgres.start()
    try:
        env = environment(DATABASE_URL=postgres.url, DATABASE_TIMEOUT="1", LOG_LEVEL="ERROR", **LOCAL)
        manage("migrate", "-v", "0", env=env, timeout=300)
        notify(env, "Before")
        tail = start_tail(env, "--json")
        tail.shows("Before")
        postgres.crash()
        tail.says("The database does not answer")
        postgres.start()
        notify(env, "After the crash")
        tail.says("The database answers again.")
        notify(env, "And on")
        tail.shows("Before", "After the crash", "And on")
        assert tail.end() == 0
    finally:
        postgres.stop()
