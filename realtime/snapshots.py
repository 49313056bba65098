"""A topic's state together with the position that its publications continue from."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from realtime import history, outbox, protocol, ready
from realtime.counters import counters
from realtime.history import Head, Pending
from realtime.protocol import Position
from realtime.topics import Topic


@dataclass(frozen=True, slots=True)
class Start:
    """Where a snapshot stands: at `head`, and already with the publications that are `waiting` for an offset."""

    head: Head
    waiting: tuple[Pending, ...]

    @property
    def pending(self) -> frozenset[int]:
        """The ids of what is waiting."""
        return frozenset(item.id for item in self.waiting)

    def position(self, audiences: Iterable[str]) -> Position:
        """Return it as the position of a client that is in *audiences*."""
        return Position(self.head.offset, epoch_for(self.head.epoch, audiences))


class Kept(dict[str, Any]):
    """A snapshot's data that many get, and that therefore nobody changes: its text is made once for all of them."""

    @cached_property
    def text(self) -> str:
        """The data as JSON. Ask for it first where it may take a while, and not on the event loop."""
        return outbox.encode(self)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a topic, or the one object `key` of it, looked like at `start`."""

    topic: Topic
    key: str
    data: dict[str, Any]
    start: Start

    def message(self, audiences: Iterable[str]) -> str:
        """Return the `snapshot` message for a client that is in *audiences*."""
        name = f"{self.topic.name}:{self.key}" if self.key else self.topic.name
        held = {} if self.topic.ephemeral else {name: self.start.position(audiences)}
        if isinstance(self.data, Kept):
            rest = protocol.encode({"type": "snapshot", "topic": name, "positions": protocol.positions(held)})
            return f'{rest[:-1]},"data":{self.data.text}}}'
        return ready.state({"type": "snapshot", "topic": name}, self.data, held)


def take(wanted: Iterable[tuple[Topic, str]], user: AbstractBaseUser) -> list[Snapshot]:
    """Return a snapshot for *user* of each topic and key in *wanted*, heads and data from one consistent read.

    Must not be called inside a transaction. Raises: DatabaseError, when the database is locked or away.
    """
    return take_for([(topic, key, [user]) for topic, key in wanted]).get(user.pk, [])


def take_for(wanted: Iterable[tuple[Topic, str, Sequence[AbstractBaseUser]]]) -> Mapping[Any, list[Snapshot]]:
    """Do what `take` does for several users, all from one consistent read; return the snapshots by the user's id."""
    taken: dict[Any, list[Snapshot]] = {}
    with history.consistent_read():
        for topic, key, users in wanted:
            start = Start(history.head(topic.name), tuple(history.pending(topic.name)))
            counters.snapshots.add(topic.name, len(users))
            for user_id, data in topic.snapshots_at(start, users, key).items():
                taken.setdefault(user_id, []).append(Snapshot(topic, key, data, start))
    return taken


def epoch_for(epoch: str, audiences: Iterable[str]) -> str:
    """Return the epoch as a client sees it: the stream's, and a digest of the audiences that it is in.

    A user who joins or leaves a user group thus has another epoch, and cannot resume over what they could not see.
    """
    digest = hashlib.blake2s("\n".join(sorted(audiences)).encode(), digest_size=6).hexdigest()
    return f"{epoch}-{digest}"


def reset_reason(held: str, epoch: str) -> str:
    """Return why a client that holds the epoch *held* cannot resume in *epoch*, in the wire's words."""
    return "audience_changed" if held.partition("-")[0] == epoch.partition("-")[0] else "epoch_changed"
