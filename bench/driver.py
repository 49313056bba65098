"""The harness's end of the load generator."""

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

from bench.load.target import Target
from tests.chaos.processes import ROOT, Child

PATIENCE: Final = 240.0


class Failed(Exception):
    """The generator could not do what it was told; the text says why."""


class Driver:
    """Tells the generator what to do, one order at a time."""

    def __init__(self, connection: socket.socket, lines: BinaryIO) -> None:
        self._connection = connection
        self._lines = lines

    def __call__(self, do: str, **order: Any) -> dict[str, Any]:
        """Have it done, and return the answer. Raises: Failed, TimeoutError."""
        self._connection.sendall(json.dumps({"do": do, **order}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._lines.readline() or b'{"error": "The load generator has ended."}')
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def aim(self, target: Target) -> None:
        """Turn to another server."""
        fields = {name: value for name, value in asdict(target).items() if name != "tally"}
        self("aim", **fields)


@contextlib.contextmanager
def generator(directory: Path, core: int | None) -> Iterator[Driver]:
    """Run the load generator, on *core* where there is one to spare; it ends with the context."""
    path = directory / "load.socket"
    pinned = ["taskset", "--cpu-list", str(core)] if core is not None else []
    command = [*pinned, sys.executable, "-m", "bench.load", str(path)]
    load = Child("load", command, directory / "load.log", {**os.environ, "PYTHONPATH": str(ROOT)})
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        listening.settimeout(30)
        load.start()
        try:
            connection, _ = listening.accept()
            connection.settimeout(PATIENCE)
            with connection, connection.makefile("rb") as lines:
                yield Driver(connection, lines)
        finally:
            load.end(signal.SIGKILL, 5)
            path.unlink()
