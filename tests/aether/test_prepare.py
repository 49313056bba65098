"""Tests of `manage.py prepare`, which `make run` calls before it serves."""

import re
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.servers import environment, manage

COUNT = "from django.contrib.auth.models import User; print(list(User.objects.values_list('username', flat=True)))"
LOGIN = "from django.contrib.auth import authenticate; print(authenticate(username='admin', password={!r}))"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a database that does not exist yet."""
    return environment(DATABASE_URL=f"sqlite:///{tmp_path / 'new.sqlite3'}")


def test_first_run_creates_the_admin_once(env: dict[str, str]) -> None:
    """With login on, the first run prints a password that works; the second prints none and changes nothing."""
    printed = manage("prepare", env=env)
    (password,) = re.findall(r"Log in as admin with the password (\S+) ", printed)
    assert manage("shell", "-v", "0", "-c", LOGIN.format(password), env=env).strip() == "admin"
    assert "password" not in manage("prepare", env=env)
    assert manage("shell", "-v", "0", "-c", LOGIN.format(password), env=env).strip() == "admin"


def test_login_off_needs_no_admin(env: dict[str, str]) -> None:
    """With login off nobody gets a password, unless the address can be reached from elsewhere."""
    env["AUTH_ENABLED"] = "false"
    assert "password" not in manage("prepare", env=env)
    assert "password" in manage("prepare", "--host", "0.0.0.0", env=env)


def test_admin_finds_the_dummy_data_unread(env: dict[str, str]) -> None:
    """The first admin has something to see: the dummy data comes after the account."""
    env["DUMMY_DATA"] = "true"
    printed = manage("prepare", env=env)
    assert "Dummy data loaded." in printed
    assert "Dummy inventory loaded." in printed
    listed = manage("notifications", "list", "--user", "admin", "--unread", env=env)
    assert len(listed.splitlines()) > 3


def test_database_that_is_away_is_named(env: dict[str, str], tmp_path: Path) -> None:
    """A database that does not answer ends with a sentence and a remedy, without a traceback or the password."""
    port = free_port()
    away = f"postgresql://nobody:secret@127.0.0.1:{port}/none"
    for url, name in ((away, f"127.0.0.1:{port}"), (f"sqlite:///{tmp_path}/missing/x.sqlite3", "missing/x.sqlite3")):
        printed = manage("prepare", env={**env, "DATABASE_URL": url, "DATABASE_TIMEOUT": "1"}, check=False)
        assert "does not answer: " in printed
        assert name in printed
        assert "DATABASE_URL" in printed
        assert "Traceback" not in printed
        assert "secret" not in printed
