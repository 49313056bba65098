"""One thread per process that numbers what was committed and hands it on."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from django.db import DatabaseError, InterfaceError, connection

from realtime import outbox
from realtime.counters import counters
from realtime.history import Published

logger = logging.getLogger(__name__)

Deliver = Callable[[str, Sequence[Published]], None]


class Relayer:
    """Number pending publications whenever woken; many wake-ups become one pass.

    *deliver* is called in the relayer's thread with what was numbered, in order per stream. What fails is left
    pending, and the next wake-up tries again: nothing is lost by it.
    """

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._woken = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._forget: Callable[[], None] | None = None

    def start(self) -> None:
        """Start the thread and listen for commits. Safe to call twice."""
        if self._thread is not None:
            return
        self._stopping = False
        self._forget = outbox.on_wake(self.wake)
        self._thread = threading.Thread(target=self._run, name="aether-relayer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that something may be pending. Never blocks; callable from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread after the pass it is in. Blocks until then; safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._forget:
            self._forget()
        self._stopping = True
        self._woken.set()
        thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._woken.wait()
                self._woken.clear()
                if self._stopping:
                    return
                self._pass()
        finally:
            connection.close()

    def _pass(self) -> None:
        try:
            while self._relay_all():
                pass
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The relayer could not number publications and will try again: %s", error)
            connection.close()

    def _relay_all(self) -> bool:
        """Relay one batch of each stream; say whether a stream may have more."""
        began = time.perf_counter()
        streams = outbox.pending_streams()
        counters.scans.observe(time.perf_counter() - began)
        sizes = [self._relay(stream) for stream in streams]
        return outbox.BATCH in sizes and not self._stopping

    def _relay(self, stream: str) -> int:
        """Relay one batch and return its size. A stream that cannot be numbered must not hold up the others."""
        try:
            items = outbox.relay(stream)
            if items:
                counters.relayed.add(stream, len(items))
                counters.batches.observe(len(items))
                self._deliver(stream, items)
        except (DatabaseError, InterfaceError):
            raise
        except Exception:
            logger.exception("Relaying %s failed; what is pending stays so, and the next wake-up tries again.", stream)
            return 0
        return len(items)
