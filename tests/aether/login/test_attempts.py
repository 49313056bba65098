"""Tests of guessing passwords: who has to wait, for how long, and what that tells a stranger."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from django.test import RequestFactory

from aether.login import attempts
from tests.support.servers import Server

LIMITS = {"LOGIN_ATTEMPTS": "3", "LOGIN_ATTEMPTS_PER_ADDRESS": "6", "LOGIN_COOLOFF": "600"}
RIGHT = "correct horse battery staple"
PEOPLE = f"""
from django.contrib.auth.models import User
for name in ("ada", "bob", "eve"):
    User.objects.create_superuser(name, password={RIGHT!r})
"""


@pytest.fixture(scope="module")
def servers(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Two servers of one database: one behind a proxy that it trusts, the other open to everyone."""
    behind = Server(tmp_path_factory.mktemp("behind"), migrated_database, TRUSTED_PROXIES="127.0.0.1", **LIMITS)
    url = behind.env["DATABASE_URL"]
    open_one = Server(tmp_path_factory.mktemp("open"), migrated_database, DATABASE_URL=url, **LIMITS)
    behind.python(PEOPLE)
    yield behind.start(), open_one.start()
    behind.stop()
    open_one.stop()


@pytest.fixture
def behind(servers: tuple[Server, Server]) -> Server:
    """The one behind a proxy, with no attempts counted yet."""
    with closing(sqlite3.connect(servers[0].directory / "aether.sqlite3")) as database, database:
        database.execute("DELETE FROM axes_accessattempt")
    return servers[0]


def attempt(server: Server, name: str, password: str, peer: str = "", path: str = "/accounts/login/") -> httpx.Response:
    """Send the login form, as the proxy passes it on for *peer*."""
    with server.client(headers={"X-Forwarded-For": peer} if peer else {}) as client:
        client.get("/accounts/login/")
        form = {"username": name, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        return client.post(path, data=form, headers={"Referer": server.url})


def statuses(server: Server, count: int, *arguments: str) -> list[int]:
    """Return the statuses of *count* attempts."""
    return [attempt(server, *arguments).status_code for _ in range(count)]


def test_guessing_has_to_wait(behind: Server) -> None:
    """After as many wrong passwords as may be, the right one is not tried either, and the page says how long."""
    assert statuses(behind, 3, "ada", "wrong", "192.0.2.1") == [200, 200, 429]
    page = attempt(behind, "ada", RIGHT, "192.0.2.1")
    assert page.status_code == 429
    assert "Too many wrong passwords" in page.text
    assert re.search(r"Wait 10 minutes", page.text)
    assert 580 < int(page.headers["Retry-After"]) <= 600
    assert "locked_out [realtime.audit] account=ada address=192.0.2.1" in behind.log
    assert "wrong password" not in page.text.replace("Too many wrong passwords", "")


def test_others_are_not_locked_out(behind: Server) -> None:
    """The same name from elsewhere, and another name from there, still log in: nobody locks out a stranger."""
    statuses(behind, 3, "ada", "wrong", "192.0.2.2")
    assert attempt(behind, "ada", RIGHT, "192.0.2.3").status_code == 302
    assert attempt(behind, "bob", RIGHT, "192.0.2.2").status_code == 302


def test_many_names_from_one_address_have_to_wait(behind: Server) -> None:
    """Trying one password with many names is stopped too; an own account in between does not help."""
    for number in range(5):
        assert attempt(behind, f"name{number}", "wrong", "192.0.2.4").status_code == 200
    assert attempt(behind, "eve", RIGHT, "192.0.2.4").status_code == 302
    assert attempt(behind, "name5", "wrong", "192.0.2.4").status_code == 429
    assert attempt(behind, "eve", RIGHT, "192.0.2.4").status_code == 429
    assert attempt(behind, "eve", RIGHT, "192.0.2.5").status_code == 302


def test_success_forgets_the_mistakes(behind: Server) -> None:
    """Whoever remembers their password in time starts anew."""
    for _ in range(2):
        assert statuses(behind, 2, "ada", "wrong", "192.0.2.6") == [200, 200]
        assert attempt(behind, "ada", RIGHT, "192.0.2.6").status_code == 302


def test_nobody_learns_who_exists(behind: Server) -> None:
    """A name that nobody has gets the same answers, in the same order, as one that somebody has."""
    seen = []
    for name in ("ada", "nobody"):
        pages = [attempt(behind, name, "wrong", "192.0.2.7") for _ in range(4)]
        hide = re.compile(r'value="[^"]{64}"|csrftoken=\w+')
        seen.append([(page.status_code, hide.sub("", page.text).replace(name, "")) for page in pages])
    assert seen[0] == seen[1]


def test_admin_counts_too(behind: Server) -> None:
    """The admin's login is the same page with the same counts."""
    assert attempt(behind, "ada", "wrong", "192.0.2.8", "/admin/login/").status_code == 200
    assert statuses(behind, 2, "ada", "wrong", "192.0.2.8") == [200, 429]
    assert attempt(behind, "ada", RIGHT, "192.0.2.8", "/admin/login/").status_code == 429


def test_waiting_ends(behind: Server) -> None:
    """When the time is over the right password is good again; attempts in between did not make it longer."""
    statuses(behind, 4, "ada", "wrong", "192.0.2.9")
    past = "from axes.models import AccessAttempt as A; from django.utils import timezone as t; import datetime as d; "
    behind.python(past + "A.objects.update(attempt_time=t.now() - d.timedelta(seconds=570))")
    page = attempt(behind, "ada", RIGHT, "192.0.2.9")
    assert (page.status_code, "Wait 1 minute," in page.text) == (429, True)
    behind.python(past + "A.objects.update(attempt_time=t.now() - d.timedelta(seconds=601))")
    assert attempt(behind, "ada", RIGHT, "192.0.2.9").status_code == 302


def test_operator_ends_the_waiting(behind: Server) -> None:
    """`manage.py axes_reset_username` lets somebody try again at once."""
    statuses(behind, 3, "ada", "wrong", "192.0.2.10")
    assert "1 attempts removed" in behind.manage("axes_reset_username", "ada")
    assert attempt(behind, "ada", RIGHT, "192.0.2.10").status_code == 302


def test_every_server_counts_and_no_forged_header_helps(behind: Server, servers: tuple[Server, Server]) -> None:
    """Where no proxy is trusted a header changes no address, and what one server counted another one knows."""
    open_one = servers[1]
    for number, status in enumerate((200, 200, 429)):
        with open_one.client(headers={"X-Real-IP": "198.51.100.7", "Forwarded": "for=198.51.100.7"}):
            assert attempt(open_one, "ada", "wrong", f"198.51.100.{number}").status_code == status
    assert attempt(behind, "ada", RIGHT, "127.0.0.1").status_code == 429
    assert attempt(behind, "ada", RIGHT, "198.51.100.0").status_code == 302


def test_log_has_no_password(behind: Server) -> None:
    """Neither a password nor a name, which may be one in the wrong field, is logged or kept with the attempt."""
    statuses(behind, 3, "hunter2-in-the-wrong-field", "hunter2-wrong", "192.0.2.11")
    kept = behind.python(
        "from axes.models import AccessAttempt as A; print(A.objects.values_list('post_data', 'get_data'))"
    )
    assert "hunter2" not in behind.log + kept
    assert "csrfmiddlewaretoken=****" in kept


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("", None),
        ("unknown", None),
    ],
)
def test_address_that_counts(peer: str, expected: str | None) -> None:
    """IPv6 counts by network, since one subscriber has all of its addresses; what is no address is none."""
    assert attempts.address(RequestFactory().get("/", REMOTE_ADDR=peer)) == expected
