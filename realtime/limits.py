"""Limits on what one peer may do. Pure: the clock is passed in."""

from collections.abc import Callable


class TokenBucket:
    """Allow *burst* events at once and *rate* per second from then on."""

    def __init__(self, *, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled_at = clock()

    def take(self) -> bool:
        """Take one token; False says that the limit is exceeded."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
