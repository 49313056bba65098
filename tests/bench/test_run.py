"""A small run for real: Aether, the generator, a few connections."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench import estimate, proc
from bench.driver import generator
from bench.peers.aether import Aether, prepare_database
from bench.peers.base import Place
from bench.peers.others import Nats, Npm
from bench.peers.registry import PEERS
from bench.plan import FULL, SCENARIOS, Sizes, sessions
from bench.run import Run
from tests.support.servers import ROOT

SMALL = Sizes(10, 20, 20, idle=20, topics=2, seconds=0.2, paced=0.4, posts=3, stalled=5, repeats=1, warm_up=0.05,
              at_once=5)  # fmt: skip
BUSY = """
import os, time
os.fork()
while time.process_time() < 0.3:
    pass
print(1, flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path, migrated_database: Path) -> Place:
    """A place with a filled database."""
    made = Place(tmp_path, None)
    prepare_database(made, unread=20, migrated=migrated_database)
    return made


def test_twenty_subscribers(place: Place) -> None:
    """Each of them gets everything: durable and ephemeral, one at a time, in bursts, and over REST."""
    with generator(place.directory, None) as load:
        run = Run(place, load, SMALL, ("fanout", "burst", "storm", "post", "read"))
        outcome = run.all([Aether()])
    assert outcome.failures == []
    found = {(record.row, record.scenario, record.subscribers): record.figures for record in outcome.records}
    for row in Aether.routes:
        for key in ((row, "fanout", 10), (row, "fanout", 20), (row, "burst", 20)):
            assert found[key]["deliveries"] > 0
            assert found[key]["cpu"] > 0
            assert found[key]["lost"] == found[key]["ended"] == 0
    assert found["Aether", "post", 20]["p99"] > 0
    assert found["Aether", "read", 10]["status"] == 200


def test_whoever_is_absent_is_named(tmp_path: Path) -> None:
    """A server that is not installed is said to be, and the others are measured without it."""

    class Nowhere(Npm):
        name, title, package, script = "nowhere", "Nowhere", "no-such-package", "nowhere.mjs"

    with generator(tmp_path, None) as load:
        outcome = Run(Place(tmp_path, None), load, SMALL, ("fanout",)).all([Nowhere()])
    assert list(outcome.absent) == ["Nowhere"]
    assert outcome.records == []


def test_a_server_that_does_not_start_ends_its_own_session_alone(tmp_path: Path) -> None:
    """The run goes on, and tells what the server said."""

    class Broken(Nats):
        title = "Broken"

        def absent(self) -> None:
            return None

        def version(self) -> str:
            return "0"

        def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
            return [sys.executable, "-c", "raise SystemExit('out of order')"], {}

    with generator(tmp_path, None) as load:
        outcome = Run(Place(tmp_path, None), load, SMALL, ("fanout",)).all([Broken()])
    assert "out of order" in outcome.failures[0]


def test_clients_that_never_read(place: Place) -> None:
    """They are closed once too much waits for them, and the others get everything meanwhile and afterwards."""
    with generator(place.directory, None) as load:
        outcome = Run(place, load, SMALL, ("stalled",)).all([Aether()])
    assert outcome.failures == []
    (record,) = outcome.records
    assert (record.figures["stalled"], record.figures["lost"], record.figures["ended"]) == (5, 0, 0)


def test_a_crowd_only_grows() -> None:
    """A server's crowd never has to become smaller, and its topics stay the same."""
    for steps in sessions(FULL, SCENARIOS):
        assert [step.subscribers for step in steps] == sorted(step.subscribers for step in steps)
        assert len({step.topics for step in steps}) == 1
    assert [[step.scenario for step in steps] for steps in sessions(FULL, ("burst",))] == [["burst"]]


def test_what_takes_long_is_not_done_again() -> None:
    """Of a slow server the large crowds are measured in the first repeat alone."""
    again = sessions(FULL, SCENARIOS, heavy=True, again=True)
    assert max(step.subscribers for steps in again for step in steps) == FULL.middle


def test_a_whole_run_is_short_enough_to_be_made() -> None:
    """It ends within half an hour, and a part of it sooner."""
    whole = estimate.seconds(list(PEERS.values()), FULL, SCENARIOS)
    assert 0 < estimate.seconds(list(PEERS.values()), FULL, ("fanout",)) < whole < 30 * 60


def test_cpu_of_another_process() -> None:
    """The CPU time of a process is what it has used, and its tree has its children."""
    command = [sys.executable, "-c", BUSY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            process.stdout.readline()
            pids = proc.tree(process.pid)
            assert len(pids) == 2
            assert 0.6 <= proc.cpu(pids) < 2.0
            assert proc.memory(pids) > 1_000_000
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_unknown_names_are_refused() -> None:
    """A scenario that does not exist is told with those that do."""
    command = [sys.executable, "-m", "bench", "--scenarios", "nonsense"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "fanout" in done.stderr
