"""The order in which rows of jobs are locked: children before their parents, of one generation by their ids.

A write to a job locks its parent after it, whose publication names its children. Whoever locks several jobs does so in
the same order, or both would wait for each other.
"""

import uuid
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from aether.jobs.models import Job
from realtime.live_changes import chunks
from realtime.live_changes import plain as rows_of

Parents = dict[uuid.UUID, uuid.UUID | None]


def lock(pks: Iterable[Any], *, no_key: bool = True) -> None:
    """Lock the jobs *pks* and their parents, for a write to all of *pks*; with *no_key* not against new children.

    A parent is chosen at creation, so that who is whose needs no lock.
    """
    parents = _parents(wanted := {uuid.UUID(str(pk)) for pk in pks})
    wanted |= {parent for pk in wanted if (parent := parents.get(pk)) is not None}
    order = sorted((-_generation(pk, parents), pk) for pk in wanted)
    for _, generation in groupby(order, key=lambda one: one[0]):
        for chunk in chunks(pk for _, pk in generation):
            rows = rows_of(Job).select_for_update(of=("self",), no_key=no_key).filter(pk__in=chunk)
            list(rows.order_by("pk").values_list("pk"))


def _parents(pks: Iterable[uuid.UUID]) -> Parents:
    """Return the parents of *pks*, of these parents, and so on."""
    found: Parents = {}
    generation = set(pks)
    while generation:
        above: Parents = {}
        for chunk in chunks(generation):
            above.update(rows_of(Job).filter(pk__in=chunk).values_list("pk", "parent_id"))
        found |= above
        generation = {parent for parent in above.values() if parent is not None and parent not in found}
    return found


def _generation(pk: uuid.UUID | None, parents: Parents) -> int:
    number = 0
    while pk is not None:
        number, pk = number + 1, parents.get(pk)
    return number
