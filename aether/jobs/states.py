"""What a job can be, and what may become of it."""

from collections.abc import Mapping
from typing import Final

from django.db import models


class Status(models.TextChoices):
    """The states of a job; the last three are final."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL: Final = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
UNFINISHED: Final = frozenset({Status.PENDING, Status.RUNNING})
BEGINNING: Final = [choice for choice in Status.choices if choice[0] in UNFINISHED]
"""The states in which a job may begin, as choices."""
FOLLOWING: Final[Mapping[str, frozenset[Status]]] = {
    Status.PENDING: frozenset({Status.RUNNING, Status.FAILED, Status.CANCELLED}),
    Status.RUNNING: FINAL,
}
"""State → those that it may be followed by. What is finished stays as it is."""


class Refused(Exception):
    """What was asked for does not fit to the state that the job is in; the text says both."""


def check(current: str, wanted: str) -> None:
    """Refuse to go from one state to another that may not follow it. Raises: Refused, which names both."""
    if wanted != current and wanted not in FOLLOWING.get(current, ()):
        raise Refused(f"The job is {current}; it cannot become {wanted}.")
