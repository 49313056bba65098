"""Everything that a Valkey server is told, as its own MONITOR shows it."""

import itertools
import socket
import threading
from types import TracebackType

import redis

from tests.support.waiting import wait_for


class Monitor:
    """Listens to all commands of a server: `with Monitor(url) as monitor: …; monitor.heard()`."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)
        options = self._client.connection_pool.connection_kwargs
        self._socket = socket.create_connection((options["host"], options["port"]))
        self._got = bytearray()
        self._marks = itertools.count()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "Monitor":
        self._socket.sendall(b"MONITOR\r\n")
        self._thread.start()
        self.heard()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        self._client.close()

    def heard(self) -> str:
        """Return every command so far, those that were sent before this call included."""
        mark = f"mark-{next(self._marks)}-end"

        def marked() -> bool:
            self._client.echo(mark)  # Again and again, since the monitor may not have begun yet.
            return mark.encode() in self._got

        wait_for(marked, what="the monitor")
        return self._got.decode(errors="replace")

    def _listen(self) -> None:
        while chunk := self._socket.recv(65_536):
            self._got += chunk
