"""What the serialized form of a live model is made of, as far as its declaration and its code tell.

Code is looked at by the names that it uses. That finds what is written down, not what is hidden on purpose.
"""

from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

from django.apps import apps
from django.db.models.sql import Query
from django.utils.functional import cached_property
from rest_framework import relations, serializers

from realtime.live_topics import Part


def names_in(function: Any) -> set[str]:
    """Return the names that *function* uses: attributes and globals, those of functions inside it included."""
    code = getattr(function, "__code__", None)
    found: set[str] = set()
    waiting = [code] if code is not None else []
    while waiting:
        code = waiting.pop()
        found.update(code.co_names)
        waiting += [one for one in code.co_consts if isinstance(one, CodeType)]
    return found


def own_names(cls: type, library: str) -> set[str]:
    """Return the names that the methods of *cls* use, as far as they do not come from *library*."""
    own = [base for base in cls.__mro__ if base is not object and not base.__module__.startswith(library)]
    return {name for base in own for method in vars(base).values() for name in names_in(_function(method))}


def all_fields(serializer: Any) -> Iterator[Any]:
    """Return the fields of *serializer* that are shown, and those of the serializers inside it."""
    for field in getattr(serializer, "fields", {}).values():
        if field.write_only:
            continue
        yield field
        inner = getattr(field, "child", field)
        if isinstance(inner, serializers.BaseSerializer):
            yield inner
            yield from all_fields(inner)


def models_read(part: Part) -> set[Any]:
    """Return the models whose rows the serialized form of *part* is made of, beside the row itself."""
    found = set(_in_query(part.queryset.query))
    return found | _in_serializer(part.serializer(), part.model)


def relation(model: Any, name: str) -> Any | None:
    """Return the relation that an attribute of *model* is, forwards or backwards; None where it is none."""
    for field in model._meta.get_fields():
        own = field.get_accessor_name() if field.auto_created and not field.concrete else field.name
        if field.is_relation and own == name:
            return field
    return None


def _in_serializer(serializer: Any, model: Any) -> set[Any]:
    found = _behind(own_names(type(serializer), "rest_framework"), model)
    for field in getattr(serializer, "fields", {}).values():
        if not field.write_only:
            found |= _in_field(field, model)
    return found


def _in_field(field: Any, model: Any) -> set[Any]:
    found: set[Any] = set()
    here, path = model, [] if field.source == "*" else field.source.split(".")
    for place, name in enumerate(path):
        related = relation(here, name)
        if related is None or related.related_model is None:
            return found | _behind({name}, here)
        of_own_row = (
            related.concrete
            and not related.many_to_many
            and isinstance(field, relations.PrimaryKeyRelatedField)
            and place == len(path) - 1
        )
        here = related.related_model
        if not of_own_row:
            found.add(here)
    inner = getattr(field, "child", field)
    return found | _in_serializer(inner, here) if isinstance(inner, serializers.BaseSerializer) else found


def _behind(names: Iterable[str], model: Any, seen: frozenset[str] = frozenset()) -> set[Any]:
    """Return the models that *names* lead to from *model*, through its properties and methods too."""
    found: set[Any] = set()
    for name in set(names) - seen:
        related = relation(model, name)
        if related is not None and related.related_model is not None:
            found.add(related.related_model)
        for base in model.__mro__:
            if name in vars(base) and not base.__module__.startswith(("django.", "realtime.live_models")):
                found |= _behind(names_in(_function(vars(base)[name])), model, seen | {name})
    return found


def _function(attribute: Any) -> FunctionType | None:
    """Return the function behind a method or a property."""
    if isinstance(attribute, property):
        return attribute.fget  # type: ignore[return-value]
    if isinstance(attribute, cached_property):
        return attribute.func  # type: ignore[return-value]
    return getattr(attribute, "__func__", attribute if isinstance(attribute, FunctionType) else None)


def _in_query(query: Any) -> Iterator[Any]:
    """Return the models of the other rows that *query* joins or asks for."""
    tables = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    own = 0
    for join in query.alias_map.values():
        own += join.table_name == query.model._meta.db_table
        if join.table_name != query.model._meta.db_table or own > 1:
            yield tables.get(join.table_name, query.model)
    for inner in _inner_queries([query.where, *query.annotations.values()]):
        yield inner.model
        yield from _in_query(inner)


def _inner_queries(nodes: Iterable[Any]) -> Iterator[Any]:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Query):
            yield node
            continue
        waiting += [one for one in getattr(node, "children", ()) if one is not None]
        waiting += [one for one in (getattr(node, "rhs", None), getattr(node, "query", None)) if one is not None]
        if hasattr(node, "get_source_expressions"):
            waiting += [one for one in node.get_source_expressions() if one is not None]
