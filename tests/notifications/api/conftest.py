"""Fixtures for the API: users of different rights, and what they ask."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tests.notifications.conftest import make_roles

URL = "/api/v1/notifications"


class Api:
    """A logged-in user's requests."""

    def __init__(self, user: User | None) -> None:
        self.client = Client()
        if user is not None:
            self.client.force_login(user)

    def __call__(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        """Return status and body of the answer."""
        text = body if isinstance(body, str) else json.dumps(body)
        data = {} if body is None else {"data": text, "content_type": "application/json"}
        response = getattr(self.client, method)(URL + path, **data)
        return response.status_code, response.json()


@pytest.fixture
def reader(ann: User) -> Api:
    """A user without permissions."""
    return Api(ann)


@pytest.fixture
def writer(bob: User) -> Api:
    """A user in the user group Writer."""
    make_roles()
    bob.groups.add(Group.objects.get(name="Writer"))
    return Api(bob)


@pytest.fixture
def admin(root: User) -> Api:
    """A superuser, as the local operator is."""
    return Api(root)


def fields(answer: tuple[int, Any]) -> dict[str, str]:
    """Return field → rule of a 400."""
    status, body = answer
    assert (status, body["status"]) == (400, 400)
    return {error["field"]: error["rule"] for error in body["errors"]}
