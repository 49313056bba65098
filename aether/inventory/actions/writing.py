"""Create, change and delete one cluster, host or VM.

Rows are locked in one order, so that writers never wait for each other in a circle: hosts, then VMs, then clusters,
each by id.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, Final, Literal, ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from aether.inventory.models import Cluster, Host, Item
from realtime import bulk
from realtime.live_changes import plain

Row = TypeVar("Row", bound=Item)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Outcome = Literal["created", "updated", "unchanged"]
PARENTS: Final[Mapping[str, type[Item]]] = {"cluster_id": Cluster, "host_id": Host}
KEPT: Final = frozenset({"created_at"})
"""What a replacement that does not say it leaves as it is."""

ATTEMPTS: Final = 5


class InUse(Exception):
    """What would be deleted has others in it."""


def again(work: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let *work*, which opens its own transaction, begin anew where another writer came in between.

    What it did not find was created meanwhile, or what it refers to was deleted.
    """

    @wraps(work)
    def trying(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        for _ in range(ATTEMPTS - 1):
            with suppress(IntegrityError):
                return work(*arguments, **options)
        return work(*arguments, **options)

    return trying


@again
def put(model: type[Row], pk: str, values: Mapping[str, Any]) -> tuple[Row, Outcome]:
    """Create what has this id, or replace it: what is not said gets its default. Return it, and what was done.

    Whoever puts the same id at the same time gets the same row. Raises: ValidationError, which names the fields.
    """
    with transaction.atomic():
        _hold_host(values)
        if (row := _hold(model, pk)) is not None:
            return row, _change(row, {**defaults(model), **values})
        row = model(pk=pk, **values)
        check(row)
        row.save(force_insert=True)
        return row, "created"


@again
def patch(model: type[Row], pk: str, values: Mapping[str, Any]) -> tuple[Row, Outcome]:
    """Change what is said in *values*; return it, and whether anything was. Raises: DoesNotExist; ValidationError."""
    with transaction.atomic():
        _hold_host(values)
        row = _get(model, pk)
        return row, _change(row, _answering(row, values))


def delete(model: type[Item], pk: str) -> None:
    """Delete it; with a host its VMs, each of which is told. Raises: DoesNotExist; InUse, for a cluster with hosts."""
    with transaction.atomic():
        row = _get(model, pk)
        if isinstance(row, Cluster) and row.hosts.exists():
            raise InUse(f"Hosts are in {pk}: move or delete them first.")
        if isinstance(row, Host):  # At once, where the cascade would publish them one by one.
            bulk.delete(row.vms.all())
        row.delete()


def apply(row: Item, values: Mapping[str, Any]) -> frozenset[str]:
    """Put *values* into *row*, and the time where somebody has to be told; return what differs."""
    different = frozenset(name for name, value in values.items() if getattr(row, name) != value)
    for name in different:
        setattr(row, name, values[name])
    if different - row.quiet:
        row.updated_at = timezone.now()
        if row.state_field in different:
            setattr(row, "state_changed_at", row.updated_at)  # noqa: B010  Not every kind has one.
    return different


def check(row: Item) -> None:
    """Refuse what cannot be stored. Raises: ValidationError, which names the fields."""
    row.clean_fields(exclude=["cluster", "host"])
    for name, parent in PARENTS.items():
        pk = getattr(row, name, None)
        if pk is not None and not parent._default_manager.filter(pk=pk).exists():
            text = f"There is no {parent.kind} {pk}."
            raise ValidationError({name.removesuffix("_id"): ValidationError(text, code="does_not_exist")})


def defaults(model: type[Item]) -> dict[str, Any]:
    """Return what a replacement that says nothing makes of a row."""
    blank = model()
    return {name: getattr(blank, name) for name in model.written if name not in KEPT}


def _change(row: Item, values: Mapping[str, Any]) -> Outcome:
    if not (different := apply(row, values)):
        return "unchanged"
    check(row)
    if different <= row.quiet:
        plain(type(row)).filter(pk=row.pk).update(**{name: getattr(row, name) for name in different})
        return "unchanged"
    row.save()
    return "updated"


def _answering(row: Item, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *values*, and for a lost host that is connected again that nothing is wrong, unless they say what is."""
    again_there = isinstance(row, Host) and not row.connected and values.get("connected")
    return {"error": None, **values} if again_there else values


def _hold_host(values: Mapping[str, Any]) -> None:
    """Keep the host that a VM is put on from being deleted meanwhile."""
    if pk := values.get("host_id"):
        list(Host.objects.select_for_update(no_key=True).filter(pk=pk))


def _hold(model: type[Row], pk: str) -> Row | None:
    return model._default_manager.select_for_update().filter(pk=pk).first()


def _get(model: type[Row], pk: str) -> Row:
    row: Row = model._default_manager.select_for_update().get(pk=pk)
    return row
