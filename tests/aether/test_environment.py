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
        ("redis", "redis://[bad", {}, ""),
        ("redis", "redis://host:port/0", {}, ""),
        ("hosts", "http://aether.example.org", {"default": ["localhost"]}, []),
        ("hosts", "aether.example.org:8000", {"default": ["localhost"]}, []),
        ("hosts", "aether.example.org/", {"default": ["localhost"]}, []),
        ("hosts", "[::1]:8000", {"default": ["localhost"]}, []),
        ("hosts", "::1", {"default": ["localhost"]}, []),
        ("hosts", "two words", {"default": ["localhost"]}, []),
        ("proxies", "banana", {}, []),
        ("proxies", "*", {}, []),
        ("proxies", "0.0.0.0/0", {}, []),
        ("proxies", "10.0.0.1/8", {}, []),
        ("proxies", "proxy:80", {}, []),
        ("origins", "example.org", {}, []),
        ("origins", "example.org:8000", {}, []),
        ("origins", "https://example.org/", {}, []),
        ("origins", "ftp://example.org", {}, []),
        ("origins", "https://[bad", {}, []),
        ("origins", "https://example.org:port", {}, []),
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


@pytest.mark.parametrize(
    ("method", "options", "value"),
    [
        ("hosts", {"default": []}, "localhost,127.0.0.1,[::1],.example.org,*,Aether-1.Example.org"),
        ("proxies", {}, "10.0.0.2,10.1.0.0/16,fd00::1,fd00::/8"),
        ("origins", {}, "https://portal.example.org,http://localhost:3000,https://*.example.org,https://[::1]:8443"),
    ],
)
def test_list_of_addresses_is_taken_as_it_is(
    env: Environment, monkeypatch: pytest.MonkeyPatch, method: str, options: dict, value: str
) -> None:
    """What can be used has no findings, and beside it an entry that cannot be is left out alone."""
    monkeypatch.setenv("VARIABLE", value)
    assert getattr(env, method)("VARIABLE", **options) == value.split(",")
    assert env.problems == []
    monkeypatch.setenv("VARIABLE", f"{value},a b")
    assert getattr(env, method)("VARIABLE", **options) == value.split(",")
    assert len(env.problems) == 1


@pytest.mark.parametrize("url", ["redis://:secret@[bad", "secret@host", "redis://:secret@host:x/0", "x://:secret@host"])
def test_malformed_redis_url_tells_no_password(env: Environment, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A Redis URL that cannot be used is refused without showing its password."""
    monkeypatch.setenv("REDIS_URL", url)
    assert env.redis("REDIS_URL") == ""
    (problem,) = env.problems
    assert "secret" not in problem.message + problem.hint


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


def test_mapping_takes_known_values_only(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapping's keys may have the sign in them; a part without a known value is left out, with a remedy."""
    monkeypatch.setenv("ROLES", "cn=ops=Admin, staff = Reader ,x=Boss,Reader,=Reader")
    assert env.mapping("ROLES", ["Reader", "Admin"], default=[]) == {"cn=ops": "Admin", "staff": "Reader"}
    assert [problem.hint[:24] for problem in env.problems] == ["Write ROLES=name=Reader;"] * 3
