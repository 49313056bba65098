"""Who gets what of a stream, and the rounds in which publications go out.

A round is planned for all subscribers at once and then served in portions, so that a large one does not keep the loop.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from realtime import protocol
from realtime.connections import Connection, Dialect, Interest, Subscription
from realtime.frames import Texts
from realtime.history import Published
from realtime.outbox import Passing

PORTION: Final = 256
"""Subscribers that are served before the loop has its turn."""
KEPT_FROM: Final = 32
"""Members of an audience from which on its groups are kept between rounds."""
BATCH_LIMIT: Final = 100
"""Messages in one `batch`."""

Write = Callable[[Sequence[str]], None]
Portion = dict[Subscription, Write]


@dataclass(eq=False, slots=True)
class Group:
    """Subscriptions that get the same of any publication for their audience."""

    interest: Interest
    portions: list[Portion] = field(default_factory=list)
    connections: set[Connection] = field(default_factory=set)

    def add(self, subscription: Subscription) -> None:
        """Take in *subscription*."""
        if not self.portions or len(self.portions[-1]) >= PORTION:
            self.portions.append({})
        self.portions[-1][subscription] = subscription.connection.sink.write
        self.connections.add(subscription.connection)


class Members:
    """The subscriptions on one stream that belong to one audience."""

    __slots__ = ("_groups", "subscriptions")

    def __init__(self) -> None:
        self.subscriptions: dict[Subscription, None] = {}
        self._groups: list[Group] | None = None

    def changed(self) -> None:
        """Forget the groups: somebody came, left, or wants something else."""
        self._groups = None

    def groups(self) -> list[Group]:
        """Return the subscriptions in groups of equals."""
        if self._groups is not None:
            return self._groups
        groups: dict[Interest, Group] = {}
        for subscription in self.subscriptions:
            same = subscription.interest
            groups.setdefault(same, Group(same)).add(subscription)
        found = list(groups.values())
        if len(self.subscriptions) >= KEPT_FROM:
            self._groups = found
        return found


class Roster:
    """The subscriptions that are attached to a stream.

    Those are apart that get less than their audience and keys say, until they have come to where the others are.
    """

    def __init__(self) -> None:
        self.apart: dict[Subscription, None] = {}
        self._members: dict[str, Members] = {}
        self._placed: dict[Subscription, frozenset[str]] = {}

    def place(self, subscription: Subscription, *, apart: bool) -> None:
        """Take in *subscription*, or change its place."""
        self.remove(subscription)
        if apart:
            self.apart[subscription] = None
            return
        self._placed[subscription] = subscription.audiences
        for audience in subscription.audiences:
            members = self._members.setdefault(audience, Members())
            members.subscriptions[subscription] = None
            members.changed()

    def remove(self, subscription: Subscription) -> None:
        """Forget *subscription*. Safe to call twice."""
        self.apart.pop(subscription, None)
        for audience in self._placed.pop(subscription, ()):
            members = self._members[audience]
            del members.subscriptions[subscription]
            members.changed()
            if not members.subscriptions:
                del self._members[audience]

    def changed(self, subscription: Subscription) -> None:
        """Note that *subscription* has other keys."""
        for audience in self._placed.get(subscription, ()):
            self._members[audience].changed()

    def clear(self) -> None:
        """Forget everybody."""
        self.apart.clear()
        self._members.clear()
        self._placed.clear()

    def groups(self, audiences: Collection[str]) -> Iterator[tuple[frozenset[str], Group]]:
        """Yield groups of those who are in some of *audiences*, each with which of them that are."""
        present = frozenset(audiences)
        if len(present) > 1:
            yield from self._groups_of_several(present)
            return
        for members in filter(None, map(self._members.get, present)):
            for group in members.groups():
                yield present, group

    def _groups_of_several(self, present: frozenset[str]) -> Iterator[tuple[frozenset[str], Group]]:
        concerned = dict.fromkeys(
            chain.from_iterable(self._members[name].subscriptions for name in present if name in self._members)
        )
        groups: dict[tuple[frozenset[str], Interest], Group] = {}
        for subscription in concerned:
            same = (subscription.audiences & present, subscription.interest)
            groups.setdefault(same, Group(same[1])).add(subscription)
        for (relevant, _), group in groups.items():
            yield relevant, group


class Round:
    """One fan-out of *items*: what is still to be written, and to whom."""

    def __init__(self, stream: str, items: Sequence[Published], roster: Roster) -> None:
        self.items = items
        self.touched: set[Connection] = set()
        self.deliveries = 0
        self._stream = stream
        self._texts: dict[tuple[int, bool], list[str]] = {}
        self._made: dict[tuple[tuple[int, ...], Dialect], Texts] = {}
        self._left: deque[tuple[Portion, Texts]] = deque()
        self._plan(roster)

    def __bool__(self) -> bool:
        return bool(self._left)

    def take(self) -> Iterator[tuple[Portion, Texts]]:
        """Take what is to be written before the loop has its turn."""
        room = PORTION
        while self._left and room > 0:
            portion, texts = self._left.popleft()
            room -= len(portion)
            yield portion, texts

    def pull(self, subscription: Subscription) -> Texts | None:
        """Take *subscription* out; return what it would have got, None where it has it or gets nothing."""
        for place, (portion, texts) in enumerate(self._left):
            if subscription in portion:
                # A copy: the portion itself belongs to the group, which later rounds use.
                self._left[place] = {one: write for one, write in portion.items() if one is not subscription}, texts
                return texts
        return None

    def reached(self, subscription: Subscription) -> None:
        """Count a *subscription* that was served by itself."""
        self.deliveries += 1
        if subscription.connection.v1:
            self.touched.add(subscription.connection)

    def clear(self) -> None:
        """Write nothing more."""
        self._left.clear()

    def _plan(self, roster: Roster) -> None:
        by_audience: dict[str, list[Published]] = defaultdict(list)
        for item in self.items:
            by_audience[item.audience].append(item)
        for relevant, group in roster.groups(by_audience):
            several = chain.from_iterable(by_audience[audience] for audience in relevant)
            self._serve(group, sorted(several, key=lambda item: item.offset))

    def _serve(self, group: Group, items: Iterable[Published]) -> None:
        wanted = [item for item in items if group.interest.wants(item.key, detail=item.detail)]
        texts = self._texts_for(wanted, group.interest.dialect)
        if not texts:
            return
        for portion in group.portions:
            self._left.append((portion, texts))
            self.deliveries += len(portion)
        if group.interest.dialect.v1:
            self.touched |= group.connections

    def _texts_for(self, items: Sequence[Published], dialect: Dialect) -> Texts:
        """Return the one `Texts` for everybody who gets these *items* in this dialect."""
        same = (tuple(item.offset for item in items), dialect)
        if same not in self._made:
            texts: list[str] = []
            for item in items:
                version = (item.offset, dialect.v1)
                if version not in self._texts:
                    self._texts[version] = texts_of(self._stream, item, dialect)
                texts += self._texts[version]
            self._made[same] = packed(texts, dialect)
        return self._made[same]


def passing(items: Sequence[Passing], roster: Roster) -> Iterator[tuple[Portion, Texts]]:
    """Yield what is to be written of ephemeral *items*, which have no order that a client could have come to."""
    made: dict[tuple[tuple[str, ...], Dialect], Texts] = {}
    for relevant, group in roster.groups({item.audience for item in items}):
        wanted = tuple(item.text for item in items if item.audience in relevant and group.interest.wants(item.key))
        if not wanted:
            continue
        same = wanted, group.interest.dialect
        if same not in made:
            made[same] = packed(wanted, group.interest.dialect)
        for portion in group.portions:
            yield portion, made[same]


def texts_of(stream: str, item: Published, dialect: Dialect) -> list[str]:
    """Return the messages that one publication is for a client of that kind."""
    if item.legacy is None or dialect.v1:
        return [protocol.splice(item.body, stream, item.offset)]
    return [protocol.splice(body, stream, item.offset) for body in protocol.parts(item.legacy)]


def packed(texts: Sequence[str], dialect: Dialect) -> Texts:
    """Return *texts* as few messages, where the client understands a `batch`."""
    if not dialect.batches or len(texts) < 2:
        return Texts(texts)
    return Texts(protocol.batch(texts[start : start + BATCH_LIMIT]) for start in range(0, len(texts), BATCH_LIMIT))
