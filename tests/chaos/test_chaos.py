"""The short form of `make chaos`: real processes are killed, and nothing is lost, repeated or out of order."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.processes import ROOT
from tests.support.environment import SECRET_KEY

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]
SEED = 7


def chaos(output: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """Run the harness in a process of its own; return its exit code, its report and what it printed."""
    command = [sys.executable, "-m", "tests.chaos", "--seed", str(SEED), "--output", str(output), *options]
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SECRET_KEY": SECRET_KEY}
    done = subprocess.run(command, cwd=ROOT, env=env, timeout=220, capture_output=True, text=True)
    report = output / f"{SEED}.json"
    found = json.loads(report.read_text()) if report.exists() else {}
    return done.returncode, found, done.stdout + done.stderr[-4000:]


def test_nothing_is_lost_whatever_dies(tmp_path: Path) -> None:
    """Nodes, Valkey and PostgreSQL are killed, frozen and restarted; every client has every publication, once."""
    code, report, printed = chaos(tmp_path, "--seconds", "30")
    assert code == 0, printed
    assert report["clean"]
    assert sum(report["clients"].values()) >= 200
    assert sum(report["faults"].values()) >= 5
    assert report["deliveries"] > 5_000
    assert report["output"]["lines_delivered"] > 1_000
    assert report["output"]["appends"]["had been taken"] > 0
    for stream in ("inventory", "jobs"):
        assert report[stream]["created"] > 0
        assert report[stream]["updated"] > 0
        assert report[stream]["copies compared"] > 500
    assert (tmp_path / f"{SEED}.svg").read_text().startswith("<svg")


def test_the_harness_notices_what_is_broken(tmp_path: Path) -> None:
    """With the gap fill switched off, lost messages stay lost, and the harness says so and how to see it again."""
    options = ("--seconds", "10", "--clients", "40", "--quiet", "4", "--only", "messages lost", "--without-gap-fill")
    code, report, printed = chaos(tmp_path, *options)
    assert code == 1, printed
    assert report["lost"] > 0
    assert report["lines"] > 0
    assert report["diverged"] > 0
    assert f"SEED={SEED}" in printed
