"""One test for each attack on a session: fixation, open redirects, CSRF, and other people's ids.

The routes come from the URL configuration and the OpenAPI document, so that a new one is in these tests by itself.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from tests.support.servers import Server

PASSWORD = "correct horse battery staple"
PEOPLE = f"""
from django.contrib.auth.models import Group, User
from notifications import actions
for name in ("ada", "bob"):
    User.objects.create_user(name, password={PASSWORD!r}).groups.add(*Group.objects.all())
"""
HEALTH = {"/healthz", "/readyz"}
"""Answered before anything else, whatever the method is; they change nothing."""
NOBODYS = "00000000-0000-4000-8000-000000000000"
SAMPLE = re.compile(r"<[^>]+>|\(\?P<\w+>[^)]*\)")
WRITES = ("post", "put", "patch", "delete")
OF_EVERYONE = dict.fromkeys(("cluster_name", "hostname", "vm_id", "job_id"), NOBODYS)
"""The parameters whose ids everybody who is logged in may see."""
Operation = tuple[str, str, dict[str, Any]]


def routes(patterns: list[Any], start: str = "/") -> Iterator[str]:
    """Yield a path for each pattern of the URL configuration, with `1` for what it takes from the path."""
    for pattern in patterns:
        path = start + SAMPLE.sub("1", str(pattern.pattern)).lstrip("^").rstrip("$")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


def operations() -> list[Operation]:
    """Return path, method and description of what the OpenAPI document has."""
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    return [(path, method, found) for path, methods in paths.items() for method, found in methods.items()]


def hidden(operation: Operation) -> bool:
    """Return whether the path takes an id of what some may not see."""
    return not set(re.findall(r"{(\w+)}", operation[0])) <= OF_EVERYONE.keys()


ROUTES = sorted(set(routes(get_resolver().url_patterns)) - HEALTH)
OPERATIONS = operations()


def operation_id(operation: Operation) -> str:
    """Return a test's name."""
    return f"{operation[1]} {operation[0]}"


@pytest.fixture(scope="module")
def guarded(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two people, each with every role."""
    server = Server(tmp_path_factory.mktemp("guarded"), migrated_database, LOGIN_ATTEMPTS_PER_ADDRESS="1000")
    server.python(PEOPLE)
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def ada(guarded: Server) -> Iterator[httpx.Client]:
    """A session of ada's."""
    with guarded.log_in("ada", PASSWORD) as client:
        yield client


@pytest.fixture(scope="module")
def foreign(guarded: Server) -> dict[str, str]:
    """The ids of what is bob's alone, by the name of the parameter that takes them."""
    guarded.manage("notify", "For bob", "m", "--user", "bob")
    notification = guarded.python("from notifications.models import Notification as N; print(N.objects.get().pk)")
    token = guarded.python(
        "from django.contrib.auth.models import User; from realtime import tokens; "
        "print(tokens.create(User.objects.get(username='bob'), 'his')[0].uuid)"
    )
    return {"notification_id": notification.strip(), "token_id": token.strip(), **OF_EVERYONE}


def test_routes_are_found() -> None:
    """The tests below have something to test: the pages, the API, the admin's forms."""
    assert {"/", "/accounts/login/", "/accounts/logout/", "/api/v1/notifications", "/admin/auth/user/add/"} <= {*ROUTES}
    assert len([operation for operation in OPERATIONS if operation[1] in WRITES]) >= 6


def test_session_is_a_new_one_after_the_login(guarded: Server) -> None:
    """A session that somebody else planted is not the one that is logged in (session fixation)."""
    planted = guarded.python(
        "from django.contrib.sessions.backends.db import SessionStore as S; s = S(); s['x'] = 1; s.create(); "
        "print(s.session_key)"
    ).strip()
    with guarded.client(cookies={"sessionid": planted}) as client:
        client.get("/accounts/login/")
        form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        cookie = client.post("/accounts/login/", data=form, headers={"Referer": guarded.url}).headers["Set-Cookie"]
    assert "sessionid=" in cookie
    assert planted not in cookie
    with guarded.client(cookies={"sessionid": planted}) as client:
        assert client.get("/").status_code == 302


@pytest.mark.parametrize("page", ["/accounts/login/", "/admin/login/"])
@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", r"\\evil.example", r"/\evil.example", "///evil.example",
     "javascript:alert(1)", "https:evil.example", "http://localhost@evil.example", "\t//evil.example"],
)  # fmt: skip
def test_login_leads_nowhere_else(guarded: Server, page: str, target: str) -> None:
    """A link to the login page cannot send people to another site afterwards (open redirect)."""
    with guarded.client() as client:
        shown = client.get(page, params={"next": target})
        assert 'name="next" value=""' in shown.text
        form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        answer = client.post(page, data=form | {"next": target}, headers={"Referer": guarded.url})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.parametrize("path", ROUTES)
def test_route_takes_no_post_without_the_token(guarded: Server, ada: httpx.Client, path: str) -> None:
    """A form of another site, sent with the person's cookie, is refused on every route there is (CSRF)."""
    with guarded.client(cookies=ada.cookies) as other_site:
        answer = other_site.post(path, data={"x": "1"}, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, "CSRF" in answer.text or "expired" in answer.text) == (403, True), answer.text[:300]


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one[1] in WRITES], ids=operation_id)
def test_api_writes_nothing_without_the_token(
    guarded: Server, ada: httpx.Client, foreign: dict[str, str], operation: Operation
) -> None:
    """Every writing operation of the API refuses a session without its token, whatever the body is (CSRF)."""
    path, method, _ = operation
    with guarded.client(cookies=ada.cookies) as other_site:
        answer = other_site.request(method, path.format(**foreign), json={})
    assert (answer.status_code, answer.json()["detail"].startswith("CSRF Failed")) == (403, True)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if hidden(one)], ids=operation_id)
def test_ids_of_others_are_not_there(ada: httpx.Client, foreign: dict[str, str], operation: Operation) -> None:
    """What is another person's answers 404 to every method, as if it did not exist (IDOR).

    A route with a new parameter fails here until `foreign` has an id for it.
    """
    path, method, _ = operation
    body: dict[str, Any] | None = {} if method in WRITES else None
    theirs = ada.request(method, path.format(**foreign), json=body)
    nobodys = ada.request(method, path.format(**dict.fromkeys(foreign, NOBODYS)), json=body)
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    words = [re.sub(r"[0-9a-f-]{36}", "", answer.json()["detail"]) for answer in (theirs, nobodys)]
    assert words[0] == words[1]
