"""The one place through which every limit that was exceeded passes, on WebSockets, streams, polls and REST alike."""

import logging
import time
from dataclasses import dataclass
from typing import Any, Final

from realtime import limits
from realtime.counters import counters

logger = logging.getLogger(__name__)

LOGGED_PER_SECOND: Final = 5.0
"""Lines about refusals: a flood of requests must not become a flood of the log."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who was refused, as far as it is known."""

    address: str | None = None
    client_id: str | None = None
    user_id: Any = None


class Refusals:
    """Log refusals, and where there are too many how many were left out."""

    def __init__(self, clock: limits.Clock = time.monotonic) -> None:
        self._lines = limits.bucket(LOGGED_PER_SECOND, clock)
        self._left_out = 0

    def record(self, limit: str, peer: Peer) -> None:
        """Record that *peer* exceeded the limit of that name. Never raises, never waits."""
        counters.refusals.add(limit)
        if not self._lines.take():
            self._left_out += 1
            return
        more = f" ({self._left_out} more were not logged)" if self._left_out else ""
        self._left_out = 0
        logger.warning(
            "Limit %s exceeded: address %.60s, user %s, client %s%s",
            limit, peer.address, peer.user_id, peer.client_id, more,
        )  # fmt: skip


refusals = Refusals()
"""This process's."""
