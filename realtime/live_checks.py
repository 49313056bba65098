"""System checks of live topics: what cannot be the same for everyone in an audience, or would go stale, is refused."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import FieldDoesNotExist
from django.db.models import ManyToManyField, QuerySet
from rest_framework import relations, serializers
from rest_framework.permissions import BasePermission

from realtime.live_models import LiveModel
from realtime.live_reading import all_fields, models_read, own_names, relation
from realtime.live_topics import LiveTopic, Part, every_part
from realtime.models import Publication

OF_REQUESTS: Final = frozenset(
    {"COOKIES", "FILES", "GET", "META", "POST", "body", "data", "get_host", "headers", "kwargs", "parser_context"}
    | {"path", "query_params", "session"}
)
"""What requests and views have, and a permission class is not shown here."""
KEY_LENGTH: Final = Publication._meta.get_field("key").max_length or 0


@register("live")
def check_live_topics(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Look at every registered live topic and its parts."""
    found: list[CheckMessage] = []
    for topic in {topic.name: topic for topic, _ in every_part()}.values():
        found += _topic(topic)
        for part in topic.parts:
            problems = list(_model(part))
            found += problems or [*_queryset(part), *_permissions(part), *_serializer(part), *_dependencies(part)]
    return found


def _topic(topic: LiveTopic) -> Iterator[Error]:
    kinds = [part.kind for part in topic.parts]
    if len(set(kinds)) < len(kinds) or (len(kinds) > 1 and "" in kinds) or any(":" in kind for kind in kinds):
        hint = "Give each a kind of its own, without a colon; a topic's only part may go without."
        yield Error(f"The parts of the topic {topic.name!r} cannot be told apart.", hint, topic, "realtime.E010")
    own = [
        name
        for name in ("snapshot", "snapshots_at", "get_queryset")
        if getattr(type(topic), name, None) is not getattr(LiveTopic, name, None)
    ]
    if own:
        hint = "Name each row's audience with Part(audience=…): publications then go to the same users as snapshots."
        text = f"The topic {topic.name!r} has a {own[0]}() of its own, which could show each user other rows."
        yield Error(text, hint, topic, "realtime.E011")


def _model(part: Part) -> Iterator[Error]:
    queryset: Any = part.queryset
    if not isinstance(queryset, QuerySet):
        hint = "Give a queryset, such as Machine.objects.all(); who sees which row is the audience's to say."
        yield Error("A part has no queryset.", hint, part, "realtime.E012")
    elif not issubclass(part.model, LiveModel):
        hint = "Derive it from realtime.live_models.LiveModel."
        yield Error(f"{part.model.__name__} is no live model.", hint, part.model, "realtime.E012")


def _queryset(part: Part) -> Iterator[Error]:
    query = part.queryset.query
    if query.is_sliced or query.combinator or query.distinct_fields or part.queryset._fields is not None:  # type: ignore[attr-defined]
        hint = "Filter, order, annotate; but leave out slices, unions, distinct(…) and values()."
        text = f"Whether a row of {part.model.__name__} belongs to the topic depends on others."
        yield Error(text, hint, part.model, "realtime.E013")
    key = part.model._meta.pk
    if (key.max_length or 0) + len(part.kind) + 1 > KEY_LENGTH:
        hint = f"Kind and primary key together have at most {KEY_LENGTH - 1} characters."
        yield Error(f"The keys of {part.model.__name__} may be too long.", hint, part.model, "realtime.E013")


def _permissions(part: Part) -> Iterator[Error]:
    for leaf in [leaf for one in part.permission_classes for leaf in _leaves(one())]:
        if type(leaf).has_object_permission is not BasePermission.has_object_permission:
            hint = "Express it with Part(audience=…): what is published goes to all of an audience."
            text = f"{type(leaf).__name__} decides object by object, which nobody asks when something is published."
            yield Error(text, hint, part.model, "realtime.E014")
        if used := own_names(type(leaf), "rest_framework") & OF_REQUESTS:
            hint = "Decide by request.user alone; there is no request when something is published."
            text = f"{type(leaf).__name__} looks at more of the request than who asks: {', '.join(sorted(used))}."
            yield Error(text, hint, part.model, "realtime.E014")


def _leaves(permission: Any) -> Iterator[Any]:
    """Return the permissions that one with `&`, `|` and `~` is made of."""
    inner = [getattr(permission, name) for name in ("op1", "op2") if hasattr(permission, name)]
    if not inner:
        yield permission
    for one in inner:
        yield from _leaves(one)


def _serializer(part: Part) -> Iterator[Error]:
    serializer = part.serializer()
    name = part.serializer.__name__
    for one in [serializer, *all_fields(serializer)]:
        asks = own_names(type(one), "rest_framework") & {"context", "_context"}
        if asks or isinstance(getattr(one, "child_relation", one), relations.HyperlinkedRelatedField):
            hint = "What one user gets, all of the audience get: show the same to everyone, ids instead of links."
            what = one.field_name or "it"
            yield Error(f"{name} looks at the request ({what}).", hint, part.serializer, "realtime.E015")
    for field in getattr(serializer, "fields", {}).values():
        if isinstance(relation(part.model, field.source or ""), ManyToManyField):
            hint = "Make the model between them a live model, and show that with depends_on."
            text = f"{name} shows the many-to-many {field.source!r}, whose changes nobody is told of."
            yield Error(text, hint, part.serializer, "realtime.E016")
        yield from _set_by_others(part, field)


def _set_by_others(part: Part, field: serializers.Field[Any, Any, Any, Any]) -> Iterator[Error]:
    """Refuse a shown reference that the database layer clears on its own."""
    related = relation(part.model, field.source or "")
    remote = getattr(related, "remote_field", None)
    action = getattr(remote, "on_delete", None) if getattr(related, "concrete", False) else None
    if action is not None and (action.__name__.startswith("SET") or hasattr(action, "deconstruct")):
        hint = "Use CASCADE, PROTECT or RESTRICT, or show it not; bulk.update() can clear it before the deletion."
        text = f"{field.source!r} is set where what it refers to is deleted, and nobody is told."
        yield Error(text, hint, part.serializer, "realtime.E016")


def _dependencies(part: Part) -> Iterator[Error]:
    for model, path in part.depends_on.items():
        if not issubclass(model, LiveModel) or _end_of(model, path) is not part.model:
            hint = f"Name live models, each with its path to {part.model.__name__}, such as {{Host: 'cluster'}}."
            yield Error(f"depends_on: {model.__name__} has no such path: {path!r}.", hint, part, "realtime.E017")
    if part.depends_on and len([one for _, one in every_part() if one.model is part.model]) > 1:
        hint = "Only one form of a model can be compared with what was published."
        text = f"{part.model.__name__} has depends_on and is shown twice."
        yield Error(text, hint, part.model, "realtime.E017")
    unknown = models_read(part) - set(part.depends_on) - set(part.reads)
    if unknown:
        names = ", ".join(sorted(model.__name__ for model in unknown))
        hint = "Say so with Part(depends_on={Model: 'path'}), or reads=[Model] where it may show later."
        text = f"{part.model.__name__} is made of other rows too, whose changes nobody is told of: {names}."
        yield Error(text, hint, part.model, "realtime.E018")


def _end_of(model: Any, path: str) -> Any | None:
    """Return the model whose key *path* holds."""
    try:
        for name in path.split("__"):
            model = model._meta.get_field(name).related_model
    except (FieldDoesNotExist, AttributeError):
        return None
    return model
