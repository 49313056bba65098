"""Who may connect, and how much a client may ask: one node's limits, and with `leases` those of all nodes together."""

import math
import time
from typing import TYPE_CHECKING, Any, Final

from realtime import limits
from realtime.errors import ClientError, LimitExceeded
from realtime.leases import Leases
from realtime.limits import Counts, Rates, TokenBucket

if TYPE_CHECKING:
    from realtime.conf import Limits

TOO_MANY: Final = "Too many connections"
FULL_RETRY_MS: Final = 5_000
"""When a client may try again that a full node turned away; by then others may have left, or it finds another node."""


class Quotas:
    """One node's limits. Each connection is known by its client id from `admit` until `release`."""

    def __init__(self, conf: "Limits", clock: limits.Clock = time.monotonic) -> None:
        self._conf = conf
        self._clock = clock
        self._connects = Rates(conf.connects_per_ip, clock)
        self._counts = Counts()
        self._held: dict[str, list[str]] = {}
        self._leases = (
            Leases(conf.store, f"{conf.prefix}:limits", lease_time=conf.lease_time, held=self._counts)
            if conf.store
            else None
        )

    @property
    def shared(self) -> bool:
        """Whether connections are counted on all nodes together just now."""
        return self._leases is not None and self._leases.reachable

    def start(self) -> None:
        """Start what needs a task; returns at once. Safe to call twice."""
        if self._leases is not None:
            self._leases.start()

    async def stop(self) -> None:
        """End it. Safe to call twice."""
        if self._leases is not None:
            await self._leases.stop()

    async def admit(self, client_id: str, scope: Any) -> None:
        """Let a connection in that says nothing of its user yet; costs neither a query nor a look at its credentials.

        Its address is the one in *scope*: the peer's own, or what a trusted proxy says. Raises: LimitExceeded.
        """
        address = (scope.get("client") or (None,))[0]
        network = limits.network(address)
        if network and (wait := self._connects.take(network)):
            message = f"At most {self._conf.connects_per_ip} new connections per second from one address."
            retry = math.ceil(wait * 1000)
            raise LimitExceeded("connects_per_ip", message, "Rate limit", retry_after_ms=retry)
        if self._conf.connections and len(self._held) >= self._conf.connections:
            message = "This server has as many connections as it takes."
            raise LimitExceeded("connections", message, TOO_MANY, retry_after_ms=FULL_RETRY_MS)
        self._held[client_id] = []
        if network:
            limit = self._conf.connections_per_ip
            over = LimitExceeded("connections_per_ip", f"At most {limit} connections from one address.", TOO_MANY)
            await self._hold(client_id, f"ip:{network}", limit, over)

    async def admit_user(self, client_id: str, user_id: Any) -> None:
        """Count an admitted connection for its user. Raises: LimitExceeded."""
        limit = self._conf.connections_per_user
        over = LimitExceeded("connections_per_user", f"At most {limit} connections of one user.", TOO_MANY)
        await self._hold(client_id, f"user:{user_id}", limit, over)

    def release(self, client_id: str) -> None:
        """Give back what a connection had. Safe to call twice, and for one that was never admitted."""
        for key in self._held.pop(client_id, ()):
            self._counts.give_back(key)
            if self._leases is not None:
                self._leases.release(key)

    def messages(self) -> TokenBucket:
        """Return the bucket of one client's messages."""
        return limits.bucket(self._conf.messages, self._clock)

    def too_many_messages(self) -> LimitExceeded:
        """Return what ends a client whose bucket is empty."""
        message = f"At most {self._conf.messages} messages per second."
        return LimitExceeded("messages", message, "Rate limit")

    def too_many_topics(self, topics: set[str]) -> ClientError | None:
        """Return why a client may not be on all of *topics*, if so; it keeps those that it has."""
        limit = self._conf.topics
        if not limit or len(topics) <= limit:
            return None
        return ClientError("topics", f"topics: at most {limit} topics on one connection; unsubscribe from some.")

    async def _hold(self, client_id: str, key: str, limit: int, over: LimitExceeded) -> None:
        """Count one more of *key* for a connection, here and on all nodes."""
        if not limit:
            return
        if not self._counts.take(key, limit):
            raise over
        try:
            granted = self._leases is None or await self._leases.claim(key, limit)
        except BaseException:
            self._counts.give_back(key)
            raise
        if not granted:
            self._counts.give_back(key)
            raise over
        self._held[client_id].append(key)
