"""The server that is spoken to, and the count of what came from it."""

import asyncio
import time
from array import array
from dataclasses import dataclass, field

from bench.load import frames


def now() -> int:
    """Return the generator's clock, in microseconds."""
    return time.monotonic_ns() // 1000


@dataclass(slots=True)
class Tally:
    """What all connections together have received."""

    mark: bytes = frames.MARK
    received: int = 0
    awaited: int = 0
    finished: "asyncio.Future[None] | None" = None
    delays: "array[int] | None" = None
    """Microseconds from publication to each delivery, where they are wanted."""
    ended: int = 0
    """Connections that the server closed, or that broke."""

    def expect(self, count: int) -> "asyncio.Future[None]":
        """Return a future that is done once *count* messages more have come."""
        self.finished = asyncio.get_running_loop().create_future()
        self.awaited = self.received + count
        return self.finished

    def take(self, data: bytes, count: int) -> None:
        """Take note of *count* messages in *data*."""
        if self.delays is not None:
            came = now()
            self.delays.extend([came - stamp for stamp in frames.stamps(data)])
        self.received += count
        if self.finished is not None and self.received >= self.awaited:
            if not self.finished.done():
                self.finished.set_result(None)
            self.finished = None


@dataclass(frozen=True, slots=True)
class Target:
    """A server, and how it is spoken to."""

    protocol: str
    port: int
    pids: tuple[int, ...] = ()
    helpers: tuple[int, ...] = ()
    """Processes behind the server, such as a channel layer's Valkey."""
    sessions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    """Names that every connection subscribes to; `{topic}` stands for its number."""
    deflate: bool = False
    """Whether to offer permessage-deflate, as browsers do."""
    tally: Tally = field(default_factory=Tally, compare=False)
