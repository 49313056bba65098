"""Running one of a list of commands, and saying how it went."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
NODE = ROOT / "node_modules" / ".bin"
Commands = Mapping[str, list[str]]


def run(name: str, command: list[str], env: Mapping[str, str] | None = None) -> bool:
    """Run *command* under the heading *name*; return whether it succeeded."""
    print(f"── {name}", flush=True)
    started = time.monotonic()
    # No developer's .env takes part: what is checked is the project.
    merged = {**os.environ, "AETHER_ENV_FILE": "", **(env or {})}
    code = subprocess.run(command, cwd=ROOT, env=merged, check=False).returncode
    print(f"   {'ok' if code == 0 else f'failed with {code}'}, {time.monotonic() - started:.1f} s", flush=True)
    return code == 0


def python(*arguments: str) -> list[str]:
    """Return the command that runs this environment's Python with *arguments*."""
    return [sys.executable, *arguments]
