"""The one place through which every limit that was exceeded passes, on WebSockets, streams, polls and REST alike."""

import logging
import time
from typing import Any, Final

from realtime import audit, limits
from realtime.audit import Event
from realtime.counters import counters

logger = logging.getLogger(__name__)

LOGGED_PER_SECOND: Final = 5.0
"""Lines about refusals: a flood of requests must not become a flood of the log."""


class Refusals:
    """Tell the audit of refusals: its rows count each, and the log says where lines were left out."""

    def __init__(self, clock: limits.Clock = time.monotonic) -> None:
        self._lines = limits.bucket(LOGGED_PER_SECOND, clock)
        self._left_out = 0

    def record(self, limit: str, *, user: Any = None, address: str | None = None, **details: Any) -> None:
        """Record that somebody exceeded the limit of that name. Never raises, never waits."""
        counters.refusals.add(limit)
        is_logged = self._lines.take()
        audit.record(Event.LIMIT, user=user, address=address, logged=is_logged, limit=limit, **details)
        if not is_logged:
            self._left_out += 1
        elif self._left_out:
            logger.warning("%d more refusals were not logged.", self._left_out)
            self._left_out = 0


refusals = Refusals()
"""This process's."""
