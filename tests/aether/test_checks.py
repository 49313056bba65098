"""Tests of the system checks: each names what is wrong and what to write instead."""

import pytest
from django.test import override_settings

from aether.checks import check_audit, check_settings
from realtime import keys
from tests.support.servers import environment, manage

KEY = keys.generate()


def ids() -> set[str | None]:
    """Return the ids of what the checks find."""
    return {message.id for message in check_settings(None)}


def test_defaults_are_fine() -> None:
    """The settings as they are by default have no findings."""
    assert ids() == set()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"DEBUG": True, "SECRET_KEY_IS_TEMPORARY": True}, "aether.W001"),
        ({"AUTH_ENABLED": False, "DEBUG": False}, "aether.E004"),
        ({"WEBSOCKET_REFRESH_TIME": 1800, "WEBSOCKET_TIMEOUT": 1800}, "aether.E005"),
        ({"WEBSOCKET_PING_INTERVAL": 2000, "WEBSOCKET_TIMEOUT": 1800}, "aether.E005"),
        ({"WORKERS": 2}, "aether.E006"),
        ({"ALLOWED_HOSTS": ["*"], "DEBUG": False}, "aether.W002"),
        ({"LIMIT_MESSAGES": 0, "DEBUG": False}, "aether.W010"),
        ({"THROTTLES": {"Reader": 0}, "DEBUG": False}, "aether.W010"),
        ({"LIMIT_CONNECTIONS": 50, "DEBUG": False}, "aether.W011"),
    ],
)
def test_finding_has_a_hint(settings: dict, expected: str) -> None:
    """A setting that contradicts another one is found, with a hint."""
    with override_settings(**settings):
        (message,) = [message for message in check_settings(None) if message.id == expected]
    assert message.hint


def test_a_deployment_without_audit_is_warned_of() -> None:
    """`check --deploy` says so where security events leave no rows."""
    with override_settings(AUDIT_RETENTION=0):
        assert [message.id for message in check_audit(None)] == ["aether.W003"]
    with override_settings(AUDIT_RETENTION=60):
        assert check_audit(None) == []


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"DEBUG": "", "SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"DEBUG": "", "SECRET_KEY": "short"}, "it needs at least 32"),
        ({"DEBUG": "maybe"}, "DEBUG: 'maybe' is neither true nor false"),
        ({"DEBUG": "false", "AUTH_ENABLED": "false"}, "AUTH_ENABLED=false works only with DEBUG=true"),
        ({"WEBSOCKET_TIMEOUT": "-5"}, "WEBSOCKET_TIMEOUT: '-5' is below 1"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: 'LOUD' is unknown"),
        ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL: 'mysql' is not a database that Aether knows"),
        ({"REDIS_URL": "http://host"}, "REDIS_URL: 'http' does not start the URL"),
        ({"REDIS_URL": "redis://[bad"}, "REDIS_URL: 'redis' does not start a URL that can be read"),
        ({"ALLOWED_HOSTS": "http://x"}, "ALLOWED_HOSTS: 'http://x' has a scheme or a path"),
        ({"TRUSTED_PROXIES": "banana"}, "TRUSTED_PROXIES: 'banana' is neither an IP address nor a network"),
        ({"CSRF_TRUSTED_ORIGINS": "example.org"}, "CSRF_TRUSTED_ORIGINS: 'example.org' has no scheme"),
        ({"WORKERS": "3"}, "3 workers cannot reach each other"),
        ({"ENCRYPTION_KEYS": f"{KEY},hunter2"}, "ENCRYPTION_KEYS: 'key 2 of 2' is no base64 text"),
        ({"ENCRYPTION_KEYS": "aHVudGVyMg=="}, "ENCRYPTION_KEYS: 'key 1 of 1' has 7 bytes instead of 32"),
    ],
)
def test_server_does_not_start_on_bad_settings(variables: dict[str, str], shown: str) -> None:
    """Bad settings end the server with a sentence and a hint, and with no traceback."""
    printed = manage("serve", env=environment(**variables), check=False)
    assert shown in printed
    assert "HINT: " in printed
    assert "Traceback" not in printed
    assert "hunter2" not in printed


def test_other_servers_refuse_bad_settings_too() -> None:
    """An ASGI server that is given the application itself is refused with the same sentence."""
    code = "import aether.asgi"
    printed = manage("shell", "-v", "0", "-c", code, env=environment(AUTH_ENABLED="false", DEBUG="false"), check=False)
    assert "AUTH_ENABLED=false works only with DEBUG=true" in printed
