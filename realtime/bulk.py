"""Writes of many live rows at once, published: each function opens a transaction or joins the caller's.

Each row gets its own publication and version, with a few statements for all of them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.deletion import Collector

from realtime.live_changes import Change, Held, chunks, lock, plain, write
from realtime.live_models import LiveModel

Row = TypeVar("Row", bound=LiveModel)


def create(objects: Iterable[Row]) -> list[Row]:
    """Insert *objects*, all of one model, and publish them as created, in their order; return them.

    Raises: IntegrityError, where one is there already.
    """
    rows = list(objects)
    if not rows:
        return []
    model = type(rows[0])
    with transaction.atomic():
        change = Change(model, [])
        plain(model).bulk_create(rows)
        change.publish(created=[model._meta.pk.to_python(row.pk) for row in rows])
    return rows


def update(queryset: "QuerySet[Any]", **changes: Any) -> int:
    """Do what `queryset.update(**changes)` does, and publish each row; return how many rows there were."""
    with transaction.atomic():
        held = _lock(queryset)
        change = Change(queryset.model, list(held))
        for chunk in chunks(held):
            plain(queryset.model).filter(pk__in=chunk).update(**changes, version=F("version") + 1)
        change.publish()
    return len(held)


def save(objects: Iterable[Row], fields: Sequence[str]) -> int:
    """Write *fields* of *objects*, all of one model, and publish each; return how many are still there.

    The objects know their new versions afterwards. Fields hold values here, no expressions.
    """
    rows = {row.pk: row for row in objects}
    if not rows:
        return 0
    model = type(next(iter(rows.values())))
    with transaction.atomic():
        held = lock(model, rows)
        change = Change(model, list(held))
        for pk, was in held.items():
            rows[pk].version = was.version + 1
        write(model, [rows[pk] for pk in held], [*fields, "version"])
        change.publish()
    return len(held)


def delete(queryset: "QuerySet[Any]") -> int:
    """Do what `queryset.delete()` does, cascades and signals included, with fewer statements; return how many went."""
    with transaction.atomic():
        held = _lock(queryset)
        change = Change(queryset.model, list(held))
        for chunk in chunks(held):
            rows = list(plain(queryset.model).filter(pk__in=chunk))
            for row in rows:
                row._change = None
            collector = Collector(using=queryset.db)
            collector.collect(rows)
            collector.delete()
        change.publish(deleted={pk: was.version + 1 for pk, was in held.items()})
    return len(held)


def _lock(queryset: "QuerySet[Any]") -> dict[Any, Held]:
    """Lock the rows of *queryset*; what another writer took out of it in the meantime is not among them."""
    held = lock(queryset.model, queryset.values_list("pk", flat=True))
    still = {pk for chunk in chunks(held) for pk in queryset.filter(pk__in=chunk).values_list("pk", flat=True)}
    return {pk: was for pk, was in held.items() if pk in still}
