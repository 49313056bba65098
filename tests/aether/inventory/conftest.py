"""Fixtures of the inventory: who asks, and what was published."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from realtime.models import Publication

SYNC = "/inventory/sync"
HOST = "hyperv-01.imaginary.example"


class Api:
    """A user's requests: status and body of each answer."""

    def __init__(self, user: User | None, token: str = "") -> None:
        self.client = Client(headers={"Authorization": f"Token {token}"} if token else None)
        if user is not None:
            self.client.force_login(user)

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        text = body if isinstance(body, str) else json.dumps(body)
        data = {} if body is None else {"data": text, "content_type": "application/json"}
        answer = getattr(self.client, method)(f"/api/v1{path}", **data)
        return answer.status_code, json.loads(answer.content) if answer.content else None


def member(role: str) -> User:
    """Return a new user in a user group of the migration, which a test that commits may have emptied."""
    import_module("aether.inventory.migrations.0002_roles").make_roles(apps, None)
    user = User.objects.create_user(role.lower())
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def producer(db: None) -> Api:
    """Who reports hosts and VMs."""
    return Api(member("Producer"))


@pytest.fixture
def reader(db: None) -> Api:
    """A user without permissions."""
    return Api(User.objects.create_user("ann"))


def report(*vms: dict[str, Any], hostname: str = HOST, **host: Any) -> dict[str, Any]:
    """Return the body of a sync; a VM has a name where it is given none."""
    return {"hostname": hostname, **host, "vms": [{"name": vm["id"], **vm} for vm in vms]}


def published() -> list[tuple[str, str]]:
    """Return what was published since the last call, in order: action and key."""
    return [(body["action"], key) for body, key in publications()]


def publications() -> list[tuple[dict[str, Any], str]]:
    """Return the same as bodies and keys."""
    rows = Publication.objects.filter(stream="inventory").order_by("id")
    found = [(json.loads(row.body), row.key) for row in rows]
    rows.delete()
    return found


def refused(answer: tuple[int, Any]) -> dict[str, str]:
    """Return field → rule of a 400."""
    status, body = answer
    assert (status, body["status"]) == (400, 400), body
    return {error["field"]: error["rule"] for error in body["errors"]}
