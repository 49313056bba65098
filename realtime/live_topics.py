"""Topics made of models: a queryset, a DRF serializer and DRF permission classes are all that is declared.

What such a topic shows must be the same for everyone in an audience, since it is serialized once for all of them.
`realtime.live_checks` refuses what cannot be shared so.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from realtime import topics
from realtime.audience import EVERYONE
from realtime.shared import Shared
from realtime.snapshots import Kept, Start
from realtime.topics import Topic

if TYPE_CHECKING:
    from rest_framework.serializers import BaseSerializer

Action = Literal["created", "updated", "deleted"]
Shown = dict[str, Any]
"""One object as clients see it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a permission class is shown instead of a request: who wants to read. It must not look at more."""

    user: AbstractBaseUser
    method: str = "GET"
    auth: None = None


@dataclass(frozen=True, eq=False)
class Part:
    """One model of a `LiveTopic`: the rows that are shown, how they look, and who may see them."""

    queryset: QuerySet[Any]
    """The rows that belong to the topic, with their `select_related`, `prefetch_related` and annotations."""
    serializer: "type[BaseSerializer[Any]]"
    """How a row looks. It sees no request, and reads the row alone or what `depends_on` names."""
    kind: str = ""
    """What tells it from the topic's other parts: the messages' `kind`, and the keys' prefix (`host:<pk>`)."""
    permissions: Sequence[Any] | None = None
    """DRF permission classes, asked with `Reading`; None: those of REST_FRAMEWORK's DEFAULT_PERMISSION_CLASSES."""
    audience: Callable[[Any], str] | None = None
    """The audience of a row, which never changes; None: everyone whom the permissions let in."""
    depends_on: Mapping[Any, str] = field(default_factory=dict)
    """Live models that the serialized form is made of too, each with the path from it to this model's key: with
    `{Host: "cluster"}` a saved host publishes its cluster, where that now looks different."""
    reads: Collection[Any] = ()
    """Other models that the form is made of and that are not followed: their changes show with the next one here."""

    @property
    def model(self) -> Any:
        """The model of the rows."""
        return self.queryset.model

    def key(self, pk: Any) -> str:
        """Return the publications' key of the row *pk*; `<topic>:<key>` is what clients subscribe to."""
        return f"{self.kind}:{pk}" if self.kind else str(pk)

    def pk(self, key: str) -> Any | None:
        """Return the primary key that *key* means, None where it means none; each row has one key."""
        prefix = f"{self.kind}:" if self.kind else ""
        text = key[len(prefix) :]
        if not key.startswith(prefix) or not text or "\0" in text:
            return None
        try:
            pk = self.model._meta.pk.to_python(text)
        except ValidationError:
            return None
        return pk if str(pk) == text else None

    def rows(self, pks: Iterable[Any] | None = None) -> QuerySet[Any]:
        """Return the rows that belong to the topic, of *pks* alone where given."""
        return self.queryset.all() if pks is None else self.queryset.filter(pk__in=list(pks))

    @property
    def selective(self) -> bool:
        """Whether the queryset leaves rows out, so that a change may bring a row in or take it away."""
        return bool(self.queryset.query.where)

    def tombstone(self, pk: Any, version: int) -> Shown:
        """Return what is said of a row that is gone."""
        named = {"kind": self.kind} if self.kind else {}
        return {"id": pk if isinstance(pk, int | str) else str(pk), **named, "version": version}

    def audience_of(self, row: Any) -> str:
        """Return who may see *row*, permissions apart."""
        return EVERYONE if self.audience is None else self.audience(row)

    def represent(self, rows: Iterable[Any]) -> list[Shown]:
        """Return *rows* as clients see them: what the serializer makes, and `kind`, `id` and `version`."""
        show = self._serializer.to_representation
        return [{**self.tombstone(row.pk, 0), **show(row), "version": row.version} for row in rows]

    @cached_property
    def _serializer(self) -> "BaseSerializer[Any]":
        """Made once: to make it and its fields takes longer than to serialize a row."""
        return self.serializer()

    @property
    def permission_classes(self) -> Sequence[Any]:
        """The permission classes that count."""
        from rest_framework.settings import api_settings  # Not while models are loaded, whose modules import this one.

        default: Sequence[Any] = api_settings.DEFAULT_PERMISSION_CLASSES
        return default if self.permissions is None else self.permissions

    def allows(self, user: AbstractBaseUser) -> bool:
        """Say whether the permission classes let *user* read."""
        request, view = Reading(user), SimpleNamespace(queryset=self.queryset.all())
        return all(permission().has_permission(request, view) for permission in self.permission_classes)


class LiveTopic(Topic):
    """A topic whose `parts` are models: their changes are published, and their rows are its snapshot.

    Who follows the whole topic must be let in by the permissions of every part; for `name:key` those of the one part
    count. What does not exist and what is not for this user are the same.
    """

    keyed: ClassVar[bool] = True
    merges: ClassVar[bool] = True
    parts: ClassVar[Sequence[Part]]

    def __init__(self) -> None:
        self._shared: Shared[list[Shown]] = Shared(self.name, self._build_each, _weigh)
        self._last: tuple[list[Shown], Kept] | None = None

    def message(self, part: Part, action: Action, data: Shown) -> dict[str, Any]:
        """Return the message that tells of a change; *data* of a deleted object has `kind`, `id` and `version`."""
        return {"type": self.name, "action": action, "data": data}

    def state(self, objects: list[Shown]) -> dict[str, Any]:
        """Return the snapshot's data, made of all objects; within an audience they come in the order of the parts.

        What is returned may be sent to many: neither change *objects* nor keep them.
        """
        return {"objects": objects}

    def object_state(self, found: tuple[Part, Any] | None) -> dict[str, Any]:
        """Return the snapshot's data of one row, None where there is none for the user; it may say more of it."""
        return self.state(found[0].represent([found[1]]) if found else [])

    def authorize(self, user: AbstractBaseUser, key: str) -> bool:
        """Say whether *user* may follow the topic, or the object *key*, which then exists and is for this user."""
        if not user.is_active:
            return False
        if not key:
            return all(part.allows(user) for part in self.parts)
        return self._find(user, key) is not None

    def snapshot(self, user: AbstractBaseUser, key: str) -> dict[str, Any]:
        """Return the rows that are for *user*, or the one object *key*, as they are now."""
        if key:
            return Kept(self.object_state(self._find(user, key)))
        return self._state_of([self._build(name) for name in self._used(self.audiences(user))])

    def snapshots_at(self, start: Start, users: Sequence[AbstractBaseUser], key: str) -> Mapping[Any, dict[str, Any]]:
        """Return the same for each of *users*; each audience's rows are serialized once and kept while they hold."""
        if key:
            return {user.pk: self.snapshot(user, key) for user in users}
        used = {user.pk: self._used(self.audiences(user)) for user in users}
        kept = self._shared.of(start, sorted({name for names in used.values() for name in names}))
        states = {names: self._kept_state([kept[name] for name in names]) for names in set(used.values())}
        return {pk: states[names] for pk, names in used.items()}

    def forget(self) -> None:
        """Keep nothing of what was serialized, as after a change that nobody was told of."""
        self._shared = Shared(self.name, self._build_each, _weigh)
        self._last = None

    def _kept_state(self, lists: list[list[Shown]]) -> Kept:
        """Return the state of what several audiences have; that of one alone, which most users get, is kept."""
        if len(lists) != 1:
            return self._state_of(lists)
        last = self._last
        if last is None or last[0] is not lists[0]:
            self._last = last = lists[0], self._state_of(lists)
        return last[1]

    def _state_of(self, lists: list[list[Shown]]) -> Kept:
        state = Kept(self.state([shown for objects in lists for shown in objects]))
        _ = state.text  # Here, in a worker thread; on the event loop it would keep everyone waiting.
        return state

    def _used(self, audiences: Iterable[str]) -> tuple[str, ...]:
        """Return those of *audiences* that rows can have."""
        alike = all(part.audience is None for part in self.parts)
        return (EVERYONE,) if alike else tuple(sorted(audiences))

    def _build_each(self, audiences: Collection[str]) -> Mapping[str, list[Shown]]:
        return {name: self._build(name) for name in audiences}

    def _build(self, audience: str) -> list[Shown]:
        found: list[Shown] = []
        for part in self.parts:
            if part.audience is None:
                found += part.represent(part.rows()) if audience == EVERYONE else []
            else:
                found += part.represent(row for row in part.rows() if part.audience(row) == audience)
        return found

    def _find(self, user: AbstractBaseUser, key: str) -> tuple[Part, Any] | None:
        """Return the part and the row of *key*; None where there is none for *user*."""
        for part in self.parts:
            pk = part.pk(key)
            row = part.rows().filter(pk=pk).first() if pk is not None and part.allows(user) else None
            if row is not None and part.audience_of(row) in self.audiences(user):
                return part, row
        return None


def parts_of(model: Any) -> list[tuple[LiveTopic, Part]]:
    """Return where *model* is shown."""
    return [(topic, part) for topic, part in every_part() if part.model is model]


def dependents_of(model: Any) -> list[tuple[LiveTopic, Part]]:
    """Return what is made of rows of *model* too."""
    return [(topic, part) for topic, part in every_part() if model in part.depends_on]


def every_part() -> list[tuple[LiveTopic, Part]]:
    """Return every part of every registered topic."""
    live = [topic for topic in topics.registered().values() if isinstance(topic, LiveTopic)]
    return [(topic, part) for topic in live for part in topic.parts]


def _weigh(objects: list[Shown]) -> int:
    return len(objects) * len(str(objects[0])) if objects else 0
