"""A user, and the audiences that they are in."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import prefetch_related_objects

from realtime import topics


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, and the audiences that they are in by topic."""

    user: AbstractBaseUser
    audiences: Mapping[str, frozenset[str]]


def identity_of(user: AbstractBaseUser) -> Identity:
    """Return *user* with their audiences on every topic. Queries the database."""
    prefetch_related_objects([user], "groups")
    return Identity(user, {name: topic.audiences(user) for name, topic in topics.registered().items()})
