"""What a client can subscribe to: a topic declares its audiences, its authorization and its snapshot."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser

from realtime import audience, outbox
from realtime.errors import UnknownTopic
from realtime.history import Published
from realtime.memberships import groups_of

if TYPE_CHECKING:
    from realtime.snapshots import Start

ALL: Final = "all"
"""The name that stands for every topic a user may see."""


class Topic:
    """A name that clients subscribe to, backed by the stream of the same name.

    Every method may query the database and is called in a worker thread, never on the event loop.
    """

    name: ClassVar[str]
    keyed: ClassVar[bool] = False
    """Whether `name:<key>` subscribes to one object."""
    initial: ClassVar[bool] = False
    """Whether the snapshot is part of a connection's `initial_state`."""

    details: ClassVar[bool] = False
    """Whether some publications are details of one object, such as its output: `Draft.detail`.

    v1 clients get them only where they follow the object by name (`name:<key>`), also beside the whole topic. Older
    ones get them wherever they follow the object. Details are bounded apart, and push nothing else out of history.
    """
    detail_count: ClassVar[int] = 20_000
    """How many details stay in the database; a client further behind gets a snapshot of the object."""
    detail_age: ClassVar[float] = 3_600
    """For how many seconds they stay."""
    ephemeral: ClassVar[bool] = False
    """Whether publications are neither stored nor numbered: each reaches who is connected at most once."""
    merges: ClassVar[bool] = False
    """Whether an update that nobody was sent yet gives way to what followed of the same object (`Draft.mergeable`)."""
    history_count: ClassVar[int | None] = None
    """How many publications stay in the database; None: the setting REALTIME_HISTORY_COUNT."""
    history_age: ClassVar[float | None] = None
    """For how many seconds they stay; None: the setting REALTIME_HISTORY_AGE."""

    def audiences(self, user: AbstractBaseUser) -> frozenset[str]:
        """Return the audiences that *user* belongs to on this topic."""
        groups = {audience.for_group(group.pk) for group in groups_of(user)}
        return frozenset({audience.EVERYONE, audience.for_user(user.pk)} | groups)

    def authorize(self, user: AbstractBaseUser, key: str) -> bool:
        """Say whether *user* may follow this topic, or the one object *key* of it.

        The one rule for REST, subscribe, replay and snapshot.
        """
        return user.is_active

    def snapshot(self, user: AbstractBaseUser, key: str) -> dict[str, Any]:
        """Return the state that the publications of this topic continue from, as *user* may see it.

        Called inside `history.consistent_read()`, together with the reading of the stream's head.
        """
        return {}

    def snapshots_at(self, start: "Start", users: Sequence[AbstractBaseUser], key: str) -> Mapping[Any, dict[str, Any]]:
        """Return the `snapshot` of each of *users*, by the user's id, given where the stream stands.

        For topics that look up many users at once, or keep what is the same for them until something is published to
        them (`realtime.shared`).
        """
        return {user.pk: self.snapshot(user, key) for user in users}

    def summaries(self, user_ids: Collection[int]) -> Mapping[int, dict[str, Any]]:
        """Return, for each of *user_ids*, the message with the absolute figures that publications change.

        Called once for all connected users that a publication reached, debounced; an empty mapping sends nothing.
        """
        return {}

    def numbered(self, publications: Sequence[Published]) -> None:
        """Take note of the offsets that *publications* were given, inside the transaction that gave them.

        It runs under the stream's lock: write only rows that nothing else writes.
        """

    def upkeep(self) -> None:
        """Do the topic's background work (expiry, retention). One node at a time calls it, about every second."""


_registry: dict[str, Topic] = {}


def register(topic: Topic) -> None:
    """Make *topic* available under its name.

    Raises: ValueError, when the name is taken or reserved.
    """
    if topic.name in _registry or topic.name == ALL or ":" in topic.name:
        raise ValueError(f"The topic name {topic.name!r} is taken or reserved.")
    _registry[topic.name] = topic
    outbox.on_numbered(topic.name, topic.numbered)
    if topic.ephemeral:
        outbox.declare_ephemeral(topic.name)
    if topic.merges:
        outbox.declare_merging(topic.name)


def unregister(name: str) -> None:
    """Take a topic away again, as `admin.site.unregister` does. Raises: KeyError, when there is none."""
    del _registry[name]
    outbox.forget(name)


def registered() -> Mapping[str, Topic]:
    """Return every topic by name."""
    return _registry


def audiences_of(user: AbstractBaseUser) -> Mapping[str, frozenset[str]]:
    """Return the audiences of *user* on every topic, by its name; topics with the same ones share one set."""
    usual: frozenset[str] | None = None
    found: dict[str, frozenset[str]] = {}
    for name, topic in _registry.items():
        if type(topic).audiences is not Topic.audiences:
            found[name] = topic.audiences(user)
            continue
        if usual is None:
            usual = topic.audiences(user)
        found[name] = usual
    return found


def find(name: str) -> tuple[Topic, str]:
    """Return the topic and the key that *name* (`jobs` or `jobs:7`) means; the key is empty for the whole topic.

    Raises: UnknownTopic.
    """
    base, colon, key = name.partition(":")
    topic = _registry.get(base)
    if topic is None or (colon and not (topic.keyed and key)):
        raise UnknownTopic(name)
    return topic, key
