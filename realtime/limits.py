"""Limits on what one peer may do. Pure: the clock is passed in. A limit of 0 stands for none."""

import math
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

Clock = Callable[[], float]

AT_ONCE: Final = 4.0
"""Seconds' worth of a rate that may be used at once."""
REMEMBERED: Final = 10_000
"""Keys whose use of a rate is remembered; beyond, the one that was quiet for longest is forgotten."""
STRANGE: Final = "unknown"
"""What peers are counted as together whose address is none; only a trusted proxy can bring such a thing."""


def network(address: str | None) -> str | None:
    """Return what a peer's connections are counted under; None where they are not.

    An IPv4 address stands for itself and an IPv6 one for its /64, which one household has as a whole. This machine's
    own peers, and those without an address, are not counted: they are the developer, or what serves the others.
    """
    if not address:
        return None
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return STRANGE
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.is_loopback:
        return None
    return str(parsed) if isinstance(parsed, IPv4Address) else str(IPv6Network((parsed, 64), strict=False))


class TokenBucket:
    """Allow *burst* events at once and *rate* per second from then on."""

    __slots__ = ("_burst", "_clock", "_filled_at", "_rate", "_tokens")

    def __init__(self, *, rate: float, burst: float, clock: Clock) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled_at = clock()

    def take(self) -> bool:
        """Take one token; False says that the limit is exceeded."""
        self._fill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def wait(self) -> float:
        """Return the seconds until there is a token."""
        self._fill()
        return max(0.0, 1 - self._tokens) / self._rate

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now


def bucket(rate: float, clock: Clock) -> TokenBucket:
    """Return a bucket for *rate* events per second, of which `AT_ONCE` seconds' worth may come at once."""
    return TokenBucket(rate=rate, burst=rate * AT_ONCE or math.inf, clock=clock)


class Rates:
    """One rate for each of many peers. Its memory is bounded: an attacker with many addresses cannot fill it."""

    def __init__(self, rate: float, clock: Clock, *, most: int = REMEMBERED) -> None:
        self._rate = rate
        self._clock = clock
        self._most = most
        self._buckets: dict[str, TokenBucket] = {}

    def take(self, key: str) -> float:
        """Use one event of *key*: return 0, or the seconds to wait where the limit is exceeded."""
        if not self._rate:
            return 0.0
        found = self._buckets.pop(key, None) or bucket(self._rate, self._clock)
        self._buckets[key] = found  # At the end, so that the first one is the one that was quiet for longest.
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if found.take() else found.wait()


class Counts(Mapping[str, int]):
    """How many of something each key has now. Keys that have none are not kept."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def take(self, key: str, limit: int) -> bool:
        """Give *key* one more; False, and nothing is given, where it has *limit* already."""
        held = self._counts.get(key, 0)
        if limit and held >= limit:
            return False
        self._counts[key] = held + 1
        return True

    def give_back(self, key: str) -> None:
        """Take one of *key* back."""
        left = self._counts[key] - 1
        if left:
            self._counts[key] = left
        else:
            del self._counts[key]

    def __getitem__(self, key: str) -> int:
        return self._counts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)
