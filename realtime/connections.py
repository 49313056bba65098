"""One client as the hub sees it: how it is spoken to, where its messages go, and what it is subscribed to."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from django.contrib.auth.base_user import AbstractBaseUser

from realtime.errors import Disconnect
from realtime.history import Published
from realtime.identity import Credential, Identity
from realtime.visits import Traffic, Visit


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a client is spoken to: with v1's own messages or the older ones instead, and with `batch` or without."""

    v1: bool
    batches: bool


LEGACY: Final = Dialect(v1=False, batches=False)
V1: Final = Dialect(v1=True, batches=True)
EVENTS: Final = Dialect(v1=True, batches=False)
"""Server-sent events and polls: each message moves the cursor by itself."""


class Sink(Protocol):
    """Where a connection's messages go. No method raises, and only `drained` waits."""

    sent: Traffic
    """What went out, counted once per message and never looked into."""
    ending: Disconnect | None
    """Why this side ended the connection, once it has."""

    def write(self, texts: Sequence[str]) -> None:
        """Send *texts*, in order, or close the connection where too much is already waiting.

        What many get comes as the same `frames.Texts`, whose bytes are made once.
        """

    def close(self, end: Disconnect, *, reconnect: bool) -> None:
        """Send what is waiting, then `disconnect`, then the close frame."""

    async def drained(self) -> None:
        """Return when nothing waits for the client any more, or the connection has ended."""


class Interest(NamedTuple):
    """What of a stream a client gets of all that its audiences may have.

    `keys` are the objects that it follows, None for all of them; `named` are those that it follows by name beside.
    """

    keys: frozenset[str] | None
    named: frozenset[str]
    dialect: Dialect

    def wants(self, key: str, *, detail: bool = False) -> bool:
        """Say whether something about *key* is for it; a *detail*, for a v1 client, where it named the object."""
        if self.keys is not None:
            return key in self.keys
        return not detail or not self.dialect.v1 or key in self.named

    @property
    def details(self) -> bool:
        """Whether it may want any details."""
        return self.keys is not None or not self.dialect.v1 or bool(self.named)


@dataclass(eq=False, slots=True)
class Subscription:
    """One connection on one stream. `keys` is None for the whole stream."""

    connection: "Connection"
    audiences: frozenset[str]
    topics: set[str]
    keys: frozenset[str] | None
    suppressed: set[int] = field(default_factory=set)
    """Publications (by id) that were pending, and already in the snapshot that this client got."""
    after: int = 0
    """The offset that this client has already come to; it may be ahead of the node."""
    named: frozenset[str] = frozenset()
    """Where the topic has details and `keys` is None: the objects whose details are asked for all the same."""

    @property
    def interest(self) -> Interest:
        """What of the stream is for this client."""
        return Interest(self.keys, self.named, self.connection.dialect)

    def wants(self, item: Published) -> bool:
        """Say whether *item* is for this subscription, and new to it."""
        return item.offset > self.after and self.covers(item.audience, item.key, detail=item.detail)

    def covers(self, audience: str, key: str, *, detail: bool = False) -> bool:
        """Say whether something for *audience*, about *key*, is for this subscription."""
        return audience in self.audiences and self.interest.wants(key, detail=detail)


@dataclass(eq=False, slots=True)
class Connection:
    """One client as the hub sees it. Times are of the node's clock, in seconds."""

    client_id: str
    sink: Sink
    dialect: Dialect
    opened_at: float
    heard_at: float
    user: AbstractBaseUser
    audiences: Mapping[str, frozenset[str]]
    credential: Credential = field(default_factory=Credential)
    topics: set[str] = field(default_factory=set)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    pinged_at: float = 0.0
    moving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever brings the client onto a stream: two at once would mix an older state with newer changes."""
    visit: Visit = field(default_factory=Visit)
    """What the audit tells of this client."""

    @property
    def v1(self) -> bool:
        """Whether the client understands v1's own messages."""
        return self.dialect.v1

    def become(self, identity: Identity) -> None:
        """Be *identity* from now on: the same user as it is by now, perhaps by another credential."""
        self.user, self.audiences, self.credential = identity.user, identity.audiences, identity.credential

    def write(self, *texts: str) -> None:
        """Send *texts* to this client."""
        self.sink.write(texts)

    def close(self, end: Disconnect, *, reconnect: bool = True) -> None:
        """End this connection; `reconnect` tells the client whether to come back by itself."""
        self.sink.close(end, reconnect=reconnect)
