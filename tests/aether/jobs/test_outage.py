"""Tests of `manage.py job run` while its database, a real PostgreSQL, goes away and comes back."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.database import Postgres
from tests.support.servers import ROOT, environment, manage
from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(300)  # A cluster is made, migrated and stopped.


@pytest.fixture(scope="module")
def migrated() -> Iterator[Postgres]:
    """A PostgreSQL with the tables of this project, which is stopped at the end."""
    # Not below a directory that only root may enter: PostgreSQL refuses to run as root.
    directory = Path(tempfile.mkdtemp(prefix="aether-pg-"))
    directory.chmod(0o755)
    postgres = Postgres(directory / "data", directory)
    try:
        postgres.create()
        postgres.start()
        manage("migrate", env=environment(DATABASE_URL=postgres.url), timeout=110)
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def postgres(migrated: Postgres) -> Postgres:
    """The same, running, without any job."""
    if not migrated.process.alive:
        migrated.start()
    with migrated.connect() as connection:
        connection.execute("TRUNCATE jobs_job CASCADE")
    return migrated


@contextmanager
def started(postgres: Postgres, script: str, **options: str) -> Iterator[subprocess.Popen[str]]:
    """Run *script* as a job; it ends with the block."""
    env = environment(DATABASE_URL=postgres.url, DATABASE_TIMEOUT="5", LOG_LEVEL="WARNING", **options)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "job", "run", "--", "sh", "-c", script],
        env=env, cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stored(postgres: Postgres) -> tuple[str, list[str]]:
    """Return the only job's state and its lines."""
    with postgres.connect() as connection:
        [(status,)] = connection.execute("SELECT status FROM jobs_job")
        texts = connection.execute("SELECT text FROM jobs_chunk ORDER BY first").fetchall()
    return status, [line for (text,) in texts for line in text.split("\n")]


def read(process: subprocess.Popen[str], expected: str) -> None:
    """Read a line of the terminal."""
    assert process.stdout is not None
    assert process.stdout.readline() == f"{expected}\n"


def test_an_outage_loses_and_doubles_no_line(postgres: Postgres, tmp_path: Path) -> None:
    """What is printed while the database is away is stored, with the end, once it is back."""
    script = f"echo 1; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; seq 2 2000; exit 3"
    with started(postgres, script) as process:
        read(process, "1")
        wait_for(lambda: stored(postgres) == ("running", ["1"]), 30, "the first line")
        postgres.crash()
        (tmp_path / "go").touch()
        for number in range(2, 2001):
            read(process, str(number))
        assert process.poll() is None
        postgres.start()
        process.communicate(timeout=60)
    assert process.returncode == 3
    assert stored(postgres) == ("failed", [str(number) for number in range(1, 2001)])


def test_ctrl_c_while_the_end_cannot_be_stored(postgres: Postgres, tmp_path: Path) -> None:
    """The command has ended and the database is away: who does not want to wait is told what is not stored."""
    with started(postgres, f"echo 1; echo $$; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done") as process:
        read(process, "1")
        assert process.stdout is not None
        command = Path("/proc", process.stdout.readline().strip())
        wait_for(lambda: stored(postgres) == ("running", ["1", command.name]), 30, "the lines")
        postgres.stop()
        (tmp_path / "go").touch()
        wait_for(lambda: not command.exists(), 30, "the end of the command")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert "Traceback" not in said
    assert "ended could not be stored" in said
    assert process.returncode == 0
