"""Users, the user groups that they are in, and their sessions."""

import random
from dataclasses import dataclass
from typing import Final

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

USERS: Final = 24
GROUPS: Final = 4
WRITER: Final = "writer"
"""Who posts over REST; it has no clients."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user with a session. `moves` says whether the harness lets them join and leave user groups."""

    id: int
    name: str
    session: str
    moves: bool


@dataclass(frozen=True, slots=True)
class People:
    """Everyone, and the user groups by id."""

    writer: Person
    users: list[Person]
    groups: dict[int, str]


def create(chance: random.Random) -> People:
    """Create everyone. In bulk, because that sends no signals: this process shall publish nothing."""
    groups = Group.objects.bulk_create([Group(name=f"team{number}") for number in range(GROUPS)])
    names = [WRITER, *(f"user{number:02}" for number in range(USERS))]
    users = User.objects.bulk_create([User(username=name, is_superuser=name == WRITER) for name in names])
    memberships = User.groups.through
    memberships.objects.bulk_create(
        [memberships(user=user, group=group) for user in users[1:] for group in groups if chance.random() < 0.4]
    )
    made = [Person(user.pk, user.username, _session(user), number % 4 == 0) for number, user in enumerate(users)]
    connection.close()
    connection.close_pool()  # Its connections would not outlive PostgreSQL's restarts.
    return People(made[0], made[1:], {group.pk: group.name for group in groups})


def _session(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)
