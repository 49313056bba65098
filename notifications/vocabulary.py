"""The words that a notification is labelled with: its level, and its category, which a setting extends."""

from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import TextChoices

CATEGORY_LENGTH: Final = 32


class Level(TextChoices):
    """How much a notification matters."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


class Category(TextChoices):
    """What a notification is about; `NOTIFICATION_CATEGORIES` in Django's settings names more."""

    SYSTEM = "system"
    HOST = "host"
    VM = "vm", "VM"
    JOB = "job"
    AUTHENTICATION = "authentication"


def categories() -> list[tuple[str, str]]:
    """Return every category with its label, those of the setting last."""
    more = [name for name in getattr(settings, "NOTIFICATION_CATEGORIES", ()) if name not in Category.values]
    return [*Category.choices, *((name, name.replace("_", " ").capitalize()) for name in more)]


def known_category(value: str) -> None:
    """Refuse a category that nobody declared. Raises: ValidationError, with a list of one error.

    A list, since a model's field replaces the text of a bare error whose code it has a text of its own for.
    """
    names = [name for name, _ in categories()]
    if value not in names:
        text = f"{value!r} is no category; use one of {', '.join(names)}."
        raise ValidationError([ValidationError(text, code="invalid_choice")])
