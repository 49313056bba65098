"""Tests of how settings are read from the environment."""

from pathlib import Path

import pytest

from aether.environment import Environment


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment without a file."""
    monkeypatch.delenv("AETHER_ENV_FILE")
    return Environment(tmp_path / ".env")


def test_file_is_read_and_real_variables_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the process wins over the same one in the .env file."""
    monkeypatch.delenv("AETHER_ENV_FILE")
    monkeypatch.setenv("FIRST", "process")
    monkeypatch.setenv("SECOND", "to be removed")
    monkeypatch.delenv("SECOND")
    (tmp_path / ".env").write_text("FIRST=file\nSECOND=file\n")
    env = Environment(tmp_path / ".env")
    assert (env.text("FIRST"), env.text("SECOND")) == ("process", "file")


def test_file_can_be_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty AETHER_ENV_FILE means that no file is read, so that tests do not meet a developer's .env."""
    monkeypatch.setenv("AETHER_ENV_FILE", "")
    (tmp_path / ".env").write_text("NOBODY_SETS_THIS=file\n")
    assert Environment(tmp_path / ".env").text("NOBODY_SETS_THIS") == ""


@pytest.mark.parametrize(("text", "value"), [("true", True), ("ON", True), ("1", True), ("no", False), ("", False)])
def test_switch(env: Environment, monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    """A switch understands the usual words in any case."""
    monkeypatch.setenv("SWITCH", text)
    assert env.switch("SWITCH", default=not value) is value
    assert env.problems == []


@pytest.mark.parametrize(
    ("method", "value", "options", "default"),
    [
        ("switch", "ture", {"default": True}, True),
        ("number", "soon", {"default": 7}, 7),
        ("number", "1.5", {"default": 7}, 7),
        ("number", "-1", {"default": 7}, 7),
        ("number", "0", {"default": 7, "least": 1}, 7),
        ("choice", "LOUD", {"choices": ("INFO", "ERROR"), "default": "INFO"}, "INFO"),
        ("redis", "memcached://host", {}, ""),
    ],
)
def test_malformed_value_gives_the_default_and_a_problem(
    env: Environment, monkeypatch: pytest.MonkeyPatch, method: str, value: str, options: dict, default: object
) -> None:
    """A value that cannot be used never raises: the default holds, and the problem names the variable and a remedy."""
    monkeypatch.setenv("VARIABLE", value)
    assert getattr(env, method)("VARIABLE", **options) == default
    (problem,) = env.problems
    assert problem.message.startswith("VARIABLE: ")
    assert problem.hint


@pytest.mark.parametrize("url", ["foo://user:secret@host/name", "postgres", "postgresql://user:secret@host:x/name", ""])
def test_malformed_database_url_is_a_problem_that_tells_no_password(
    env: Environment, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """A database URL that cannot be used gives the default; its password is not shown."""
    monkeypatch.setenv("DATABASE_URL", url)
    assert env.database("DATABASE_URL", default="sqlite:////tmp/default.sqlite3")["NAME"] == "/tmp/default.sqlite3"
    (problem,) = env.problems
    assert "secret" not in problem.message + problem.hint


def test_dollar_at_the_start_is_part_of_the_value(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret may start with a dollar sign, which is no reference to another variable."""
    monkeypatch.setenv("SECRET", "$ecret")
    assert env.text("SECRET") == "$ecret"
