"""Create and change notifications."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, TypedDict, Unpack

from django.contrib.auth.models import AbstractUser, Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from notifications import publications, secrecy, validators
from notifications.actions.keys import keyed as keyed
from notifications.actions.keys import live as live
from notifications.actions.keys import make_way, numbered, refuse_taken, taken
from notifications.models import Notification
from notifications.sealing import SECRET
from realtime import outbox

MANY: Final = 1_000
"""Notifications that `create_many` takes at once."""


class Outdated(Exception):
    """It has another version than the caller saw."""


class Changes(TypedDict, total=False):
    """What may be said at creation and changed later. With `deliver_at` nobody is told before that time."""

    level: str
    category: str
    related_entity: str | None
    metadata: Mapping[str, Any]
    expires_at: datetime | None
    deliver_at: datetime | None


class Contents(Changes, total=False):
    """What is said at creation, beside the title and the message. Without `user` and `group` it is for everyone.

    What is `sensitive` is encrypted, and the notification that is returned says no more than everyone is told.
    """

    user: AbstractUser | None
    group: Group | None
    created_by: AbstractUser | None
    created_at: datetime
    sensitive: bool


class Keyed(Contents, total=False):
    """Contents that may name a key, which at most one live notification of an audience has."""

    dedup_key: str | None


class New(Keyed, total=False):
    """One notification for `create_many`; only the title is required."""

    title: str
    message: str


class Edit(Changes, total=False):
    """What `update` may change. The audience is not among it."""

    title: str
    message: str


def create(title: str, message: str = "", **contents: Unpack[Keyed]) -> Notification:
    """Create a notification; it reaches browsers when the transaction commits.

    With `deliver_at` it does so at that time. Until then it does not hold its key: it takes the place of the live one
    with that key when it is delivered, which is deleted then.

    Raises: ValidationError, which names the fields; also where a live one has the same audience and dedup_key, or
    another scheduled one where it is scheduled.
    """
    return add(Notification(title=title, message=message, **contents))


def add(notification: Notification) -> Notification:
    """Create *notification*, which is not stored yet. Raises: ValidationError, as `create` does."""
    check_new(notification)
    key, scheduled = notification.dedup_key, notification.deliver_at is not None
    # Also one that stores it in another form.
    if key is not None and keyed(notification.own_audience, key, scheduled=scheduled).exists():
        raise taken(scheduled=scheduled)
    try:
        with transaction.atomic():
            notification.save()
    except IntegrityError as error:
        if key is None:
            raise
        raise taken(scheduled=scheduled) from error
    return notification


def create_many(items: Iterable[New]) -> list[Notification]:
    """Create up to 1,000 notifications with one insert and one wake-up, all of them or none.

    They are in order: a later one is newer. Raises: ValidationError, which names the item's number and the field.
    """
    now = timezone.now()
    times = (now + timedelta(microseconds=number) for number in count())
    rows = [Notification(**{"created_at": moment, **item}) for moment, item in zip(times, items, strict=False)]
    if len(rows) > MANY:
        raise ValidationError(f"{len(rows):,} notifications at once; at most {MANY:,} are allowed.", code="max_items")
    for number, row in enumerate(rows):
        row.audience = row.own_audience
        with numbered(number):
            check_new(row)
    keys = [row.dedup_key for row in rows]  # Those that are sensitive are encrypted when they are stored.
    refuse_taken(rows, keys)
    try:
        with transaction.atomic():
            Notification.objects.bulk_create(rows)
            outbox.publish_many(publications.opened(row) for row in rows if row.deliver_at is None)
    except IntegrityError:  # One was taken in between.
        refuse_taken(rows, keys)
        raise
    return rows


def update(
    pk: uuid.UUID, *, reopen: bool = True, versions: Collection[int] | None = None, **changes: Unpack[Edit]
) -> Notification:
    """Change a notification and re-open it as unread for its audience, unless *reopen* is false.

    With *versions* only while it has one of them.

    Raises: Notification.DoesNotExist, when it is gone or deleted; Outdated; ValidationError, which names the fields.
    """
    with transaction.atomic():
        notification = Notification.objects.select_for_update().get(pk=pk, deleted_at=None)
        require_version(notification, versions)
        return _change(notification, changes, reopen=reopen)


def upsert(
    dedup_key: str, title: str, message: str | None = None, *, reopen: bool = True, **contents: Unpack[Contents]
) -> Notification:
    """Change the live notification of this audience and *dedup_key*, or create it; return it.

    The id stays, metadata is merged key by key, and what is not given keeps its value; what was sensitive stays so.
    With `deliver_at` it is the scheduled one with that key which is changed, and the live one is left alone.
    Whoever calls this at the same time with the same key gets the same notification.

    Raises: ValidationError, as `create` and `update` do, and where *sensitive* is not what the live one is.
    """
    wanted = Notification(title=title, message=message or "", dedup_key=dedup_key, **contents)
    check_new(wanted)
    while True:
        with transaction.atomic():
            held = live(wanted.own_audience, dedup_key, scheduled=wanted.deliver_at is not None)
            if held is not None:
                _readable(held, sensitive=contents.get("sensitive", held.sensitive))
                changes = {name: value for name, value in contents.items() if name in Changes.__annotations__}
                changes["metadata"] = {**held.metadata, **contents.get("metadata", {})}
                kept = held.message if message is None else message
                return _change(held, {"title": title, "message": kept, **changes}, reopen=reopen)
        try:
            return add(wanted)
        except ValidationError as error:  # Another one created it in between: change that one.
            if not any(inner.code == "unique" for inner in error.error_dict.get("dedup_key", ())):
                raise


def require_version(notification: Notification, versions: Collection[int] | None) -> None:
    """Refuse a *notification* that has none of *versions*; None stands for any. Raises: Outdated."""
    if versions is not None and notification.version not in versions:
        raise Outdated


def check(notification: Notification) -> None:
    """Refuse contents that cannot be stored or shown. Raises: ValidationError, which names the fields."""
    try:  # First, since Django would recurse into it, and validates no empty value such as [].
        validators.metadata(notification.metadata)
    except ValidationError as error:
        raise ValidationError({"metadata": error}) from error
    notification.clean_fields(exclude=["user", "group", "created_by", "audience"])
    notification.clean()
    if notification.message is None:
        raise ValidationError({"message": ValidationError("It must be text, which may be empty.", code="null")})


def check_new(notification: Notification) -> None:
    """Refuse what `check` does, and a `deliver_at` that is no time of the next year. Raises: ValidationError."""
    _timely({"deliver_at": notification.deliver_at})
    check(notification)


def _timely(contents: Mapping[str, Any]) -> None:
    """Refuse a `deliver_at` that is no time of the next year. Raises: ValidationError."""
    if contents.get("deliver_at") is not None:
        try:
            validators.ahead(contents["deliver_at"])
        except ValidationError as error:
            raise ValidationError({"deliver_at": error}) from error


def _readable(notification: Notification, *, sensitive: bool) -> None:
    """Put what a sensitive notification says into its fields. Raises: ValidationError."""
    if notification.sensitive != sensitive:
        text = "The live notification with this key is not so, and stays as it is; clear it first."
        raise ValidationError({"sensitive": ValidationError(text, code="immutable")})
    try:
        notification.reveal()
    except secrecy.Unreadable as error:
        raise ValidationError({"sensitive": ValidationError(str(error), code="unreadable")}) from error


def _change(notification: Notification, changes: Mapping[str, Any], *, reopen: bool) -> Notification:
    if not changes.keys().isdisjoint(SECRET):  # Else what it says need not be read, and so not be readable.
        _readable(notification, sensitive=notification.sensitive)
    _timely(changes)
    if notification.deliver_at is not None and changes.get("deliver_at", ...) is None:
        make_way(notification)
    for name, value in changes.items():
        setattr(notification, name, value)
    check(notification)
    notification.save(reopen=reopen)
    return notification
