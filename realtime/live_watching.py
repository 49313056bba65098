"""Tell Python code of changes to live models, inside the transaction that makes them.

Whatever publishes a change is seen: `save()`, `delete()`, `realtime.bulk`, and a `Change` of one's own. What is written
without being published is not.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.db.models import QuerySet

CHUNK: Final = 500
"""Rows that one statement names."""
Values = Mapping[str, Any]
"""Field → value of one row: the fields that are watched, and nothing else."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What one write did to one row; `after` is None where it was deleted."""

    pk: Any
    before: Values
    after: Values | None


Tell = Callable[[Sequence[Changed]], None]
"""It runs in the transaction of the write, under the rows' locks; what it raises undoes the write."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Fields of a model, and who is told when they change."""

    model: Any
    fields: tuple[str, ...]
    tell: Tell

    def read(self, pks: Collection[Any]) -> dict[Any, list[Any]]:
        """Return the watched values of the rows *pks* as they are stored now."""
        found: dict[Any, list[Any]] = {}
        rest = iter(list(pks))
        while chunk := list(islice(rest, CHUNK)):
            rows: QuerySet[Any] = QuerySet(self.model).filter(pk__in=chunk).order_by()
            found |= {pk: values for pk, *values in rows.values_list("pk", *self.fields)}
        return found

    def compare(self, before: Mapping[Any, Sequence[Any]], deleted: Collection[Any]) -> list[Changed]:
        """Return what became of rows that were as *before* says; rows that look the same are left out."""
        after = self.read([pk for pk in before if pk not in deleted])
        changed: list[Changed] = []
        for pk, was in before.items():
            if pk in deleted:
                changed.append(Changed(pk, self._named(was), None))
            elif pk in after and after[pk] != was:
                changed.append(Changed(pk, self._named(was), self._named(after[pk])))
        return changed

    def _named(self, values: Sequence[Any]) -> Values:
        return dict(zip(self.fields, values, strict=True))


class Watching:
    """The watched values of rows before a write. Make it before, and call `tell` after."""

    def __init__(self, model: Any, pks: Collection[Any]) -> None:
        watches = _watches.get(model, []) if pks and not _unwatched.get() else []
        self._before = [(watch, watch.read(pks)) for watch in watches]

    def tell(self, deleted: Collection[Any]) -> None:
        """Tell what has changed of them, and that *deleted* are gone."""
        for watch, before in self._before:
            if changed := watch.compare(before, deleted):
                watch.tell(changed)


_watches: dict[Any, list[Watch]] = {}
_unwatched: ContextVar[bool] = ContextVar("unwatched", default=False)


def watch(model: Any, fields: Sequence[str], tell: Tell) -> Callable[[], None]:
    """Have *tell* called when *fields* of rows of *model* change or rows go; return what ends that.

    A row that is created has not changed. With many rows in one write it is called once for all of them. What it
    writes to the same rows by `QuerySet.update` is published with the change.
    """
    one = Watch(model, tuple(fields), tell)
    _watches.setdefault(model, []).append(one)
    return lambda: _watches[model].remove(one)


@contextmanager
def unwatched() -> Iterator[None]:
    """Tell nobody of what this block changes: example data, or the past."""
    token = _unwatched.set(True)
    try:
        yield
    finally:
        _unwatched.reset(token)
