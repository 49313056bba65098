"""Fixtures for jobs: accounts of each role, and what was published."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from realtime.models import Publication
from tests.notifications.conftest import make_roles

URL = "/api/v1/jobs"


class Api:
    """A logged-in user's requests."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user)

    def __call__(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        """Return status and body of the answer."""
        data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        response = getattr(self.client, method)(URL + path, **data)
        return response.status_code, response.json()


def make_job_roles() -> None:
    """Make the user groups of the migrations again, where a test that commits has emptied the database since."""
    make_roles()
    import_module("aether.jobs.migrations.0002_roles").make_roles(apps, None)


def someone(role: str) -> Api:
    """Return the requests of a new user with *role*, or with none."""
    make_job_roles()
    user = User.objects.create_user(role.lower() or "nobody")
    user.groups.add(*Group.objects.filter(name=role))
    return Api(user)


@pytest.fixture
def reader(db: None) -> Api:
    """A user who reads."""
    return someone("Reader")


@pytest.fixture
def writer(db: None) -> Api:
    """A user who writes."""
    return someone("Writer")


@pytest.fixture
def admin(db: None) -> Api:
    """A user who also deletes."""
    return someone("Admin")


def published() -> list[dict[str, Any]]:
    """Return what was published of jobs so far, in order."""
    return [json.loads(row.body) for row in Publication.objects.filter(stream="jobs").order_by("id")]


def printed() -> list[tuple[int, list[str]]]:
    """Return the published lines, each message with the number of its first one."""
    return [(body["first_line"], body["data"]["lines"]) for body in published() if body["action"] == "output"]
