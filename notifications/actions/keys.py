"""Dedup keys: which notification has one, and that no other takes it.

A key belongs to one live notification of an audience, and to one scheduled one beside it: what is scheduled does as if
it were not there, until it is delivered and takes the place of the live one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from notifications import secrecy
from notifications.actions.tombstones import remove
from notifications.models import Notification


def live(audience: str, dedup_key: str, *, scheduled: bool = False) -> Notification | None:
    """Return the live (or *scheduled*) notification with *dedup_key*, its row locked, or None."""
    row: Notification | None = keyed(audience, dedup_key, scheduled=scheduled).select_for_update().first()
    return row


def keyed(audience: str, dedup_key: str, *, scheduled: bool = False) -> QuerySet[Notification]:
    """Return the live (or *scheduled*) notifications with *dedup_key*, in whatever form they store it: one at most."""
    forms = secrecy.stored_keys(dedup_key, audience)
    rows = Notification.objects.filter(audience=audience, dedup_key__in=forms, deleted_at=None)
    return rows.filter(deliver_at__isnull=not scheduled)


def make_way(row: Notification) -> None:
    """Delete the live one that has the key of *row*, which is scheduled and about to be delivered."""
    if row.dedup_key is not None and (held := live(row.audience, key_of(row))) is not None:
        remove(Notification.objects.filter(pk=held.pk))


def key_of(row: Notification) -> str:
    """Return the key of *row*, which has one; where it cannot be read, the form in which it is stored."""
    stored: str = row.dedup_key or ""
    try:
        return row.text()["dedup_key"] or stored if row.sensitive else stored
    except secrecy.Unreadable:
        return stored


def refuse_taken(rows: Sequence[Notification], keys: Sequence[str | None]) -> None:
    """Refuse rows whose key another one has, stored or before it among *rows*. Raises: ValidationError."""
    before: set[tuple[str, bool, str]] = set()
    for number, (row, key) in enumerate(zip(rows, keys, strict=True)):
        if key is None:
            continue
        scheduled = row.deliver_at is not None
        place = (row.audience, scheduled, key)
        if place in before or keyed(row.audience, key, scheduled=scheduled).exists():
            with numbered(number):
                raise taken(scheduled=scheduled)
        before.add(place)


@contextmanager
def numbered(number: int) -> Iterator[None]:
    """Name the *number* of an item in what is said of its fields."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError({f"{number}.{name}": said for name, said in error.error_dict.items()}) from error


def taken(*, scheduled: bool) -> ValidationError:
    """Return the refusal of a key that another one has."""
    kind = "scheduled" if scheduled else "live"
    text = f"A {kind} notification of this audience has this key already; upsert changes it."
    return ValidationError({"dedup_key": ValidationError(text, code="unique")})
