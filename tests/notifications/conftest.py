"""Fixtures for notifications: two users, and the numbering that a server's relayer does."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User

from notifications.inbox import Inbox
from realtime import outbox
from realtime.models import Publication


@pytest.fixture
def ann(db: None) -> User:
    """A user without permissions."""
    return User.objects.create_user("ann")


@pytest.fixture
def bob(db: None) -> User:
    """Another one."""
    return User.objects.create_user("bob")


@pytest.fixture
def root(db: None) -> User:
    """A superuser."""
    return User.objects.create_superuser("root")


@pytest.fixture
def operators(db: None) -> Group:
    """A user group that nobody is in yet."""
    return Group.objects.create(name="operators")


def relay() -> None:
    """Number all that is pending, as the relayer of a running server does."""
    while outbox.relay("notifications"):
        pass


def make_roles() -> None:
    """Make the user groups of the migration again, where a test that commits has emptied the database since."""
    import_module("notifications.migrations.0002_roles").make_roles(apps, None)


def published() -> list[dict[str, Any]]:
    """Return what was published so far, in order, each with its audience and version as `to` and `at`."""
    rows = Publication.objects.filter(stream="notifications").order_by("id")
    return [json.loads(row.body) | {"to": row.audience, "at": row.version} for row in rows]


def seen(user: User) -> dict[str, bool]:
    """Return what *user* sees: title → read."""
    return {item["title"]: item["read"] for item in Inbox(user).page(200).items}
