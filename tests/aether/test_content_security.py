"""Tests of the Content-Security-Policy that comes with every page."""

import re
from collections.abc import Iterable, Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from aether.content_security import HEADER

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("root"))
    return client


def policy(client: Client, path: str, status: int = 200, method: str = "get", **options: str) -> dict[str, str]:
    """Return directive → sources of the answer."""
    answer = getattr(client, method)(path, **options)
    assert answer.status_code == status, path
    return dict(part.split(" ", 1) for part in answer[HEADER].split("; "))


OURS = {
    "default-src": "'self'",
    "connect-src": "'self' ws://testserver wss://testserver",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
TYPES = ("require-trusted-types-for", "trusted-types")


def test_own_pages_load_nothing_inline_and_nothing_from_elsewhere(root: Client) -> None:
    """The dashboard, the login page and the error pages have the strictest policy."""
    assert policy(root, "/") == OURS
    assert policy(Client(), "/accounts/login/") == OURS
    assert policy(root, "/nothing", 404) == OURS
    assert policy(Client(enforce_csrf_checks=True), "/accounts/login/", 403, "post") == OURS
    with override_settings(DEBUG=True, AUTH_ENABLED=False):
        assert policy(Client(), "/", 403, REMOTE_ADDR="10.0.0.9") == OURS


@pytest.mark.parametrize("path", ["/admin/", "/api/docs"])
def test_foreign_pages_keep_what_matters(root: Client, path: str) -> None:
    """The admin and the API's docs may have pictures inline, and neither of them a style or a script."""
    found = policy(root, path)
    assert found == {name: sources for name, sources in OURS.items() if name not in TYPES} | {"img-src": "'self' data:"}


def test_policy_names_no_host_that_it_cannot_spell(root: Client) -> None:
    """A policy has no way to write an IPv6 address, and repeats no Host that was refused."""
    with override_settings(ALLOWED_HOSTS=["[::1]"]):
        assert policy(root, "/", HTTP_HOST="[::1]:8000")["connect-src"] == "'self'"
        assert policy(root, "/", 400, HTTP_HOST="x; script-src *")["connect-src"] == "'self'"


def routes(patterns: Iterable[URLPattern | URLResolver], start: str = "/") -> Iterator[str]:
    """Yield the path of every URL that there is, with something that does not exist where it has a parameter."""
    for pattern in patterns:
        path = start + re.sub(r"<[^>]*>|\(\?P.*?\)", "0", str(pattern.pattern)).strip("^$")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        else:
            yield path


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=60)
@pytest.mark.parametrize("by", ["stranger", "superuser", "foreign host", "http"])
def test_every_answer_is_protected(root: Client, by: str) -> None:
    """Whatever is asked for, by whom, and however it fails: each answer has a policy without anything unsafe."""
    client = Client(raise_request_exception=False) if by in {"stranger", "http"} else root
    host = {"HTTP_HOST": "elsewhere.example"} if by == "foreign host" else {}
    paths = sorted({*routes(get_resolver().url_patterns), "/nothing", "/static/nothing.js"})
    assert len(paths) > 50
    for path in paths:
        answer = client.get(path, secure=by != "http", **host)
        found = dict(part.split(" ", 1) for part in answer[HEADER].split("; "))
        assert {name: sources for name, sources in OURS.items() if name not in TYPES}.keys() <= found.keys(), path
        assert "unsafe" not in answer[HEADER], path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert (answer["X-Frame-Options"], answer["Referrer-Policy"]) == ("DENY", "same-origin"), path
        assert answer["Cross-Origin-Opener-Policy"] == answer["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert "camera=()" in answer["Permissions-Policy"], path
        if by == "superuser" and "health" not in path and "ready" not in path:
            assert answer["Strict-Transport-Security"] == "max-age=60", path


@override_settings(DEBUG=True)
def test_debug_pages_work(root: Client) -> None:
    """In DEBUG, Django's own pages about an error keep their inline styles and scripts."""
    assert HEADER not in root.get("/nothing")
