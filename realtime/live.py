"""A stream as one node follows it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from realtime.connections import Connection, Subscription
from realtime.fanout import Roster, Round
from realtime.history import Published, Window


@dataclass(eq=False, slots=True)
class LiveStream:
    """A stream that this node follows. `last` is None until its head was read."""

    name: str
    window: Window
    epoch: str = ""
    last: int | None = None
    early: dict[int, Published] = field(default_factory=dict)
    subscribers: dict[Connection, Subscription] = field(default_factory=dict)
    roster: Roster = field(default_factory=Roster)
    round: Round | None = None
    """The fan-out that is under way, or has just ended."""
    queue: list[Published] = field(default_factory=list)
    """What came meanwhile, for the next round."""
    listener: Callable[[Sequence[Published]], None] | None = None
    """Who in this process is told of everything on the stream, whatever its audience."""
    reached_back: asyncio.Future[None] | None = None
    """The one read of history that put older publications into the window."""

    def place(self, subscription: Subscription) -> None:
        """Give an attached *subscription* its place: apart as long as something is coming that it must not get."""
        following = self.queue[0].offset if self.queue else (self.last or 0) + 1
        self.roster.place(subscription, apart=bool(subscription.suppressed) or subscription.after >= following)

    def leave(self, subscription: Subscription) -> None:
        """Write nothing more to *subscription*."""
        self.subscribers.pop(subscription.connection, None)
        self.roster.remove(subscription)
        if self.round:
            self.round.pull(subscription)
