"""Where one user keeps notifications: archived, snoozed, saved, and back. Only that user's clients hear of it.

Archive and snooze take a notification out of the inbox until it is opened again, and leave alone whether it is read.
Saved it stays, wherever it is. All of it is written by marks, as read and unread are.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

from notifications import validators
from notifications.actions.many import Done, Mark, each, marking, one
from notifications.representation import time

AWAKE: Final = {"snoozed_version": 0, "snoozed_until": None}
ARCHIVE: Final = Mark(
    lambda item, row: not item["archived"] or item["snoozed_until"] is not None,
    lambda row: {"archived_version": row.version, **AWAKE},
)
UNARCHIVE: Final = Mark(lambda item, row: item["archived"], lambda row: {"archived_version": 0})
SAVE: Final = Mark(lambda item, row: not item["saved"], lambda row: {"saved": True})
UNSAVE: Final = Mark(lambda item, row: item["saved"], lambda row: {"saved": False})
UNSNOOZE: Final = Mark(lambda item, row: item["snoozed_until"] is not None, lambda row: dict(AWAKE))


def archive(user: AbstractBaseUser, pk: uuid.UUID, *, version: int | None = None) -> dict[str, Any]:
    """Move a notification out of *user*'s inbox until it is opened again, and return it as they see it now.

    A snooze ends with it. *version* is the one that was seen: what was opened again since stays where it is.

    Raises: Notification.DoesNotExist, also for what *user* may not see.
    """
    return one(user, pk, ARCHIVE, version)


def unarchive(user: AbstractBaseUser, pk: uuid.UUID) -> dict[str, Any]:
    """Undo `archive`, and return the notification. Raises: Notification.DoesNotExist, as `archive` does."""
    return one(user, pk, UNARCHIVE)


def save(user: AbstractBaseUser, pk: uuid.UUID) -> dict[str, Any]:
    """Save a notification for *user*, until they say otherwise or it is deleted, and return it.

    Raises: Notification.DoesNotExist, also for what *user* may not see.
    """
    return one(user, pk, SAVE)


def unsave(user: AbstractBaseUser, pk: uuid.UUID) -> dict[str, Any]:
    """Undo `save`, and return the notification. Raises: Notification.DoesNotExist, as `save` does."""
    return one(user, pk, UNSAVE)


def snooze(user: AbstractBaseUser, pk: uuid.UUID, until: datetime, *, version: int | None = None) -> dict[str, Any]:
    """Move a notification out of *user*'s inbox; a running server brings it back as unread at the time *until*.

    One that is archived leaves the archive then. *version* is as for `archive`.

    Raises: Notification.DoesNotExist, also for what *user* may not see; ValidationError, where *until* is no time of
    the next year.
    """
    return one(user, pk, _snoozing(until), version)


def unsnooze(user: AbstractBaseUser, pk: uuid.UUID) -> dict[str, Any]:
    """Bring a snoozed notification back as it was, and return it.

    Raises: Notification.DoesNotExist, also for what *user* may not see.
    """
    return one(user, pk, UNSNOOZE)


def archive_many(user: AbstractBaseUser, pks: Iterable[uuid.UUID]) -> Done:
    """Do what `archive` does with many. Each 500 are committed by themselves, here and below."""
    return each(pks, marking(user, ARCHIVE))


def unarchive_many(user: AbstractBaseUser, pks: Iterable[uuid.UUID]) -> Done:
    """Do what `unarchive` does with many."""
    return each(pks, marking(user, UNARCHIVE))


def save_many(user: AbstractBaseUser, pks: Iterable[uuid.UUID]) -> Done:
    """Do what `save` does with many."""
    return each(pks, marking(user, SAVE))


def unsave_many(user: AbstractBaseUser, pks: Iterable[uuid.UUID]) -> Done:
    """Do what `unsave` does with many."""
    return each(pks, marking(user, UNSAVE))


def snooze_many(user: AbstractBaseUser, pks: Iterable[uuid.UUID], until: datetime) -> Done:
    """Do what `snooze` does with many. Raises: ValidationError, where *until* is no time of the next year."""
    return each(pks, marking(user, _snoozing(until)))


def unsnooze_many(user: AbstractBaseUser, pks: Iterable[uuid.UUID]) -> Done:
    """Do what `unsnooze` does with many."""
    return each(pks, marking(user, UNSNOOZE))


def _snoozing(until: datetime) -> Mark:
    try:
        validators.ahead(until)
    except ValidationError as error:
        raise ValidationError({"until": error}) from error
    shown = time(until)
    return Mark(
        lambda item, row: item["snoozed_until"] != shown,
        lambda row: {"snoozed_version": row.version, "snoozed_until": until},
    )
