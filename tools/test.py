"""`make test`: the JavaScript modules in Node, chaos for itself, what PostgreSQL must do alike, then everything."""

import os
import sys
from pathlib import Path

from commands import ROOT, python, run

WORKERS = "4"
"""Processes of pytest: most of the time each waits, for a server to start or a page to change."""

ALIKE = [
    *(
        f"tests/realtime/test_{name}.py"
        for name in ("auth", "history", "moving", "outbox", "postgresql", "recovery", "subscribing", "watch")
    ),
    "tests/realtime/live",
    "tests/notifications",
]
"""What runs on PostgreSQL too: whatever speaks to the database more than it speaks to clients."""


def main() -> None:
    """Run the tests; arguments go to pytest."""
    # Rewritten asserts are kept as bytecode, or each of a dozen processes would rewrite every test again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    results = []
    if modules := sorted(str(path) for path in Path(ROOT, "tests", "js").rglob("*.test.js")):
        results.append(run("JavaScript", ["node", "--test", *modules]))
    if not sys.argv[1:]:
        results.append(run("Chaos", python("-m", "pytest", "-m", "chaos", "-n", "2", "tests/chaos")))
    parallel = ["-n", os.environ.get("TEST_WORKERS", WORKERS), "--dist", "loadscope"]
    if not sys.argv[1:]:
        alike = [*parallel, *ALIKE]
        results.append(run("PostgreSQL", python("-m", "tests.support.postgresql", *alike)))
    results.append(run("Python", python("-m", "pytest", "-m", "not chaos", *parallel, *sys.argv[1:])))
    if not all(results):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
