"""What the commands say where the database is away or refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import Error


@contextmanager
def database_refusals() -> Iterator[None]:
    """Tell what the database says in a sentence. Raises: CommandError, which ends a command with exit code 1."""
    try:
        yield
    except Error as error:
        raise CommandError(f"The database refused it: {error}") from error
