"""Tests of the start-up configuration check: one notification for those who may know, until all is well."""

import logging
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from aether.rules import configuration
from notifications.models import Notification
from tests.aether.rules.conftest import opened, published
from tests.conftest import StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for


@pytest.fixture
def production(db: None, settings: Any) -> Any:
    """Settings of production, in which the checks find a few things."""
    import_module("notifications.migrations.0002_roles").make_roles(apps, None)
    settings.DEBUG, settings.CONFIGURATION_NOTICE = False, True
    settings.HTTPS, settings.LOGIN_ATTEMPTS = False, 5
    return settings


def test_admins_are_told_and_others_see_the_number_in_the_log(production: Any, caplog: Any) -> None:
    """The user group Admin gets what is wrong and what to write instead; the log gives nothing away."""
    with caplog.at_level(logging.WARNING):
        configuration.tell()
    row = Notification.objects.get()
    assert (row.group, row.dedup_key) == (Group.objects.get(name="Admin"), "system:configuration")
    assert "aether.W032: HTTPS=false" in row.message
    assert "aether.W032" in row.metadata["checks"]
    assert "findings in the configuration" in caplog.text
    assert "HTTPS" not in caplog.text


def test_a_restart_repeats_nothing(production: Any) -> None:
    """The same findings write nothing; fewer change it silently; a new one opens it; none clears it."""
    configuration.tell()
    assert opened() == 1
    configuration.tell()
    assert published() == []
    production.LOGIN_ATTEMPTS = 1_000
    configuration.tell()
    assert opened() == 1
    production.LOGIN_ATTEMPTS = 5
    configuration.tell()
    [body] = published()
    assert (body["action"], "read" in body["data"]) == ("updated", False)
    production.CONFIGURATION_NOTICE = False
    configuration.tell()
    assert [body["action"] for body in published()] == ["deleted"]


def newest(server: Server) -> list[dict[str, Any]]:
    """Return what the local operator is told of the system."""
    with server.client() as client:
        found = client.get("/api/v1/notifications").json()["notifications"]
    return [item for item in found if item["related_entity"] == "system:configuration"]


def test_a_server_tells_of_its_configuration(start_server: StartServer) -> None:
    """A real server that starts says what is wrong; one that starts again with all well takes it back."""
    env = {"AUTH_ENABLED": "false", "CONFIGURATION_NOTICE": "true"}
    server = start_server(**env, LIMIT_CONNECTIONS="10", LIMIT_CONNECTIONS_PER_USER="11", SECRET_KEY="")
    [told] = wait_for(lambda: newest(server), deadline=40)
    assert "aether.W001" in told["message"]
    assert told["level"] == "warning"
    server.stop()
    server.env["SECRET_KEY"] = "k" * 50
    server.start()
    wait_for(lambda: not newest(server), deadline=40)  # The lease of the one before it lasts for a while.
