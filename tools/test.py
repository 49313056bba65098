"""`make test`: the JavaScript modules in Node, chaos for itself, then everything else in pytest, Chromium included."""

import os
import sys
from pathlib import Path

from commands import ROOT, python, run

WORKERS = "2"
"""Processes of pytest: a server, a browser and a test share each core already."""


def main() -> None:
    """Run the tests; arguments go to pytest."""
    results = []
    if modules := sorted(str(path) for path in Path(ROOT, "tests", "js").rglob("*.test.js")):
        results.append(run("JavaScript", ["node", "--test", *modules]))
    if not sys.argv[1:]:
        results.append(run("Chaos", python("-m", "pytest", "-m", "chaos", "tests/chaos")))
    parallel = ["-m", "not chaos", "-n", os.environ.get("TEST_WORKERS", WORKERS), "--dist", "loadscope"]
    results.append(run("Python", python("-m", "pytest", *parallel, *sys.argv[1:])))
    if not all(results):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
