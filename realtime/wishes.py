"""What a `subscribe` asks for, worked out per stream: names to topics, keys and positions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser

from realtime import topics
from realtime.errors import UnknownTopic
from realtime.protocol import Position, Subscribe
from realtime.topics import ALL, Topic


@dataclass(frozen=True, slots=True)
class Wish:
    """What one `subscribe` asks of one stream: the names used, the keys (None: all of it), and where from."""

    topic: Topic
    names: frozenset[str]
    keys: frozenset[str] | None
    since: Position | None
    named: frozenset[str] = frozenset()
    """The keys beside the whole of a topic that has details."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Those of the asked names that a user may follow, and the topics that `all` stands for."""

    names: list[str]
    visible: list[str]


def known(names: Iterable[str]) -> tuple[list[str], list[UnknownTopic]]:
    """Return those of *names* that exist, and an error for each that does not."""
    found: list[str] = []
    errors: list[UnknownTopic] = []
    for name in names:
        try:
            if name != ALL:
                topics.find(name)
            found.append(name)
        except UnknownTopic as error:
            errors.append(error)
    return found, errors


def authorized(user: AbstractBaseUser, names: Iterable[str]) -> Allowed:
    """Return what of *names* the topics' own rules let *user* follow. May query the database."""
    visible = [name for name, topic in topics.registered().items() if topic.authorize(user, "")]
    return Allowed([name for name in names if _may(user, name, visible)], visible)


def per_stream(allowed: Allowed, message: Subscribe) -> list[Wish]:
    """Return what *message* asks of each stream; overlapping names make one wish."""
    asked: dict[str, set[str]] = {}
    for name in allowed.names:
        for stream in allowed.visible if name == ALL else [topics.find(name)[0].name]:
            asked.setdefault(stream, set()).add(name)
    return [_wish(topics.registered()[stream], used, message) for stream, used in asked.items()]


def _wish(topic: Topic, used: set[str], message: Subscribe) -> Wish:
    since = _since(message, {*used, topic.name})
    return Wish(topic, frozenset(used), keys_of(used), since, named_of(topic, used))


def keys_of(names: Iterable[str]) -> frozenset[str] | None:
    """Return the keys that *names*, all of one stream, filter by; None where one of them is the whole stream."""
    keys = [topics.find(name)[1] if name != ALL else "" for name in names]
    return None if "" in keys else frozenset(keys)


def named_of(topic: Topic, names: Iterable[str]) -> frozenset[str]:
    """Return the keys that *names* have where one of them is the whole of a *topic* that has details."""
    if not topic.details or keys_of(names) is not None:
        return frozenset()
    return frozenset(topics.find(name)[1] for name in names if name != ALL) - {""}


def _may(user: AbstractBaseUser, name: str, visible: Collection[str]) -> bool:
    if name == ALL:
        return bool(visible)
    topic, key = topics.find(name)
    return topic.authorize(user, key) if key else name in visible


def _since(message: Subscribe, names: Iterable[str]) -> Position | None:
    """Return the earliest position held under any of *names*: from there nothing is missing for either."""
    found = [message.since[name] for name in names if name in message.since]
    return min(found, key=lambda position: position.offset, default=None)
