"""Run a command as a job: its output line by line as it comes, its exit code, and an end when somebody wants it."""

import codecs
import contextlib
import os
import selectors
import signal
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from aether.jobs.output import STDERR
from aether.jobs.reporter import Reporter
from aether.jobs.states import Status

READ: Final = 65_536
"""Bytes read at a time."""
PARTIAL: Final = 0.5
"""Seconds after which the begin of a line is shown though its end has not come, as of a question."""
LINGER: Final = 1.0
"""Seconds of silence after which a command that has ended is read on no longer, though its children go on."""
LINGER_MOST: Final = 10.0
"""Seconds after which that is so however much they print."""
TICK: Final = 0.1
"""Seconds between looks at whether the command has ended."""
LINE: Final = 16_384
"""Characters after which a line without an end is cut."""
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
"""Exit codes of a command that could not be started, as shells have them."""
JOB_VARIABLE: Final = "AETHER_JOB_ID"
"""The command's variable with the id of its job; jobs that it runs itself are its children."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: as its job's changes say, and with which exit code the runner ends."""

    exit_code: int
    changes: dict[str, Any]


class Pipe:
    """One of the command's two pipes: bytes come in, whole lines go out."""

    def __init__(self, mirror: IO[bytes], prefix: str, emit: Callable[[str], None]) -> None:
        self._mirror = mirror
        self._prefix = prefix
        self._emit = emit
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._begun = False
        """Whether the begin of the line that comes next was emitted as a line already."""
        self._since = 0.0

    def feed(self, data: bytes, now: float) -> None:
        """Take in what came, and show it on the terminal too."""
        with contextlib.suppress(OSError, ValueError):  # Nobody looks at the terminal any more; the job goes on.
            self._mirror.write(data)
            self._mirror.flush()
        self._take(self._decoder.decode(data), now)

    def end(self, now: float) -> None:
        """Emit what is left, and what came of a character whose end never will."""
        self._take(self._decoder.decode(b"", final=True), now)
        self.flush(now)

    def flush(self, now: float, *, after: float = 0.0) -> None:
        """Emit the begin of a line that has been waiting for its end for *after* seconds."""
        if self._rest and now - self._since >= after:
            self._line(self._rest)
            self._rest, self._begun = "", True

    def _take(self, text: str, now: float) -> None:
        *whole, self._rest = (self._rest + text).split("\n")
        if whole and self._begun and whole[0] in ("", "\r"):  # The end of what was emitted, and no blank line.
            del whole[0]
            self._begun = False
        for line in whole:
            self._line(line.removesuffix("\r"))
        while len(self._rest) > LINE:
            self._line(self._rest[:LINE])
            self._rest = self._rest[LINE:]
        self._since = now

    def _line(self, text: str) -> None:
        self._emit(self._prefix + text)
        self._begun = False


class Runner:
    """One run of *command*. Ends its whole process group: with SIGTERM, and after *grace* seconds with SIGKILL."""

    def __init__(self, command: Sequence[str], reporter: Reporter, *, grace: float, mirror: IO[bytes]) -> None:
        self._command = command
        self._reporter = reporter
        self._grace = grace
        self._mirror = mirror
        self._process: subprocess.Popen[bytes] | None = None
        self._signal: int | None = None
        self._stop_at: float | None = None
        self._wanted = False
        self._over = False

    def want_end(self) -> None:
        """Ask for the end of the command; from any thread. Safe to call twice."""
        self._wanted = True

    @contextlib.contextmanager
    def heeding(self) -> Iterator[None]:
        """Have signals end the command, and once it has ended the waiting for a database that is away.

        Must be entered in the main thread.
        """
        # What was ignored stays so, as under nohup.
        heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._on_signal) for number in heeded}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def run(self) -> Ended:
        """Run it to its end, and return how that was."""
        try:
            self._process = subprocess.Popen(  # noqa: S603  To run it is what this is for.  # nosec B603
                self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                env={**os.environ, JOB_VARIABLE: str(self._reporter.pk)},
            )  # fmt: skip
        except OSError as error:
            code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
            text = f"{self._command[0]}: {error.strerror or error}"
            self._reporter.line(STDERR + text)
            self._over = True
            return Ended(code, {"status": Status.FAILED, "error": text, "exit_code": code})
        with self._process:
            self._read_to_the_end()
        return self._ended(self._process.returncode)

    def _on_signal(self, number: int, _: Any) -> None:
        # Here and not in the loop, which may be waiting for the database.
        if self._over:
            self._reporter.hurry()
            return
        self._kill(signal.SIGTERM if self._signal is None else signal.SIGKILL)
        self._signal, self._wanted = number, True
        self._reporter.unbound()

    def _read_to_the_end(self) -> None:
        try:
            self._read_all()
        except BaseException:
            self._wanted = True
            raise
        finally:
            if self._wanted:  # Nothing of it is left behind.
                self._kill(signal.SIGKILL)
            self._over = True

    def _read_all(self) -> None:
        """Read both pipes until they end, or for a moment longer than the command lasts."""
        assert self._process is not None
        emit = self._reporter.line
        pipes = {
            self._process.stdout: Pipe(self._mirror, "", emit),
            self._process.stderr: Pipe(sys.stderr.buffer, STDERR, emit),
        }
        quiet_since: float | None = None
        exited_at: float | None = None
        with selectors.DefaultSelector() as selector:
            for stream, pipe in pipes.items():
                assert stream is not None
                selector.register(stream, selectors.EVENT_READ, pipe)
            while selector.get_map():
                ready = selector.select(TICK)
                now = time.monotonic()
                for key, _ in ready:
                    data = os.read(key.fd, READ)
                    key.data.feed(data, now) if data else selector.unregister(key.fileobj)
                for pipe in pipes.values():
                    pipe.flush(now, after=PARTIAL)
                self._end_if_wanted(now)
                if self._has_exited():
                    exited_at = exited_at or now
                    quiet_since = None if ready else quiet_since or now
                    if now - exited_at >= LINGER_MOST or (quiet_since is not None and now - quiet_since >= LINGER):
                        break
        for pipe in pipes.values():
            pipe.end(time.monotonic())
        while not self._has_exited():  # It closed its pipes and goes on.
            self._end_if_wanted(time.monotonic())
            time.sleep(TICK)

    def _end_if_wanted(self, now: float) -> None:
        if not self._wanted:
            return
        if self._stop_at is None:
            self._stop_at = now + self._grace
            self._kill(signal.SIGTERM)
        elif now >= self._stop_at:
            self._kill(signal.SIGKILL)

    def _has_exited(self) -> bool:
        """Say whether the command has ended. It is not reaped by that: until then nobody else gets its number."""
        assert self._process is not None
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _kill(self, number: int) -> None:
        if self._process is None or self._over:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _ended(self, returncode: int) -> Ended:
        code = returncode if returncode >= 0 else 128 - returncode
        changes: dict[str, Any] = {"status": Status.COMPLETED, "exit_code": code}
        if self._wanted:
            why = f"Ended by {signal.Signals(self._signal).name}." if self._signal else "Cancelled."
            changes |= {"status": Status.CANCELLED, "error": why}
            code = 128 + (self._signal or signal.SIGTERM)
        elif returncode < 0:
            changes |= {"status": Status.FAILED, "error": f"Killed by {_name_of(-returncode)}."}
        elif code:
            changes |= {"status": Status.FAILED, "error": f"Ended with exit code {code}."}
        return Ended(code, changes)


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
