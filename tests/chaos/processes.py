"""Child processes that end with the harness, however it ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None)
_spawning = ThreadPoolExecutor(1, thread_name_prefix="spawning")
"""The thread that starts every process. To the kernel a thread is the parent: it must last as long as the harness."""


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return once *condition* holds. Raises: TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.03)


class Child:
    """One process; `start` may be called again after it ended. Its output goes to a log file.

    The kernel kills it when the harness dies (PR_SET_PDEATHSIG), so a killed harness leaves nothing behind.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str], user: str | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._env = env
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs (or is stopped)."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start the process, which must not run, and return it."""
        assert not self.alive, f"{self.name} runs already."
        with self.log.open("ab") as log:
            self._process = _spawning.submit(
                subprocess.Popen, self._command, env=self._env, cwd=ROOT, stdin=stdin, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, user=self._user, preexec_fn=_die_with_parent,
            ).result()  # fmt: skip
        return self._process

    def send(self, number: signal.Signals) -> None:
        """Send a signal, where the process still runs."""
        if self._process is not None and self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def kill(self) -> None:
        """End the process with SIGKILL, and wait."""
        self.end(signal.SIGKILL, 10)

    def end(self, number: signal.Signals, seconds: float) -> None:
        """Send *number* and wait; after *seconds* kill the process. Safe to call twice."""
        if self._process is None:
            return
        self.send(signal.SIGCONT)
        self.send(number)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self._process.wait(10)

    def wait(self, seconds: float) -> int | None:
        """Return the exit code; None where the process still runs after *seconds*."""
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:  # The harness died in between.
        os._exit(1)
