"""Tests of the Content-Security-Policy that comes with every page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

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
}


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
    """The admin and the API's docs may have pictures inline, the docs styles too, and neither of them a script."""
    found = policy(root, path)
    assert "script-src" not in found
    assert found["img-src"] == "'self' data:"
    assert {name: sources for name, sources in found.items() if name in OURS} == OURS


def test_policy_names_no_host_that_it_cannot_spell(root: Client) -> None:
    """A policy has no way to write an IPv6 address, and repeats no Host that was refused."""
    with override_settings(ALLOWED_HOSTS=["[::1]"]):
        assert policy(root, "/", HTTP_HOST="[::1]:8000")["connect-src"] == "'self'"
        assert policy(root, "/", 400, HTTP_HOST="x; script-src *")["connect-src"] == "'self'"


@override_settings(DEBUG=True)
def test_debug_pages_work(root: Client) -> None:
    """In DEBUG, Django's own pages about an error keep their inline styles and scripts."""
    assert HEADER not in root.get("/nothing")
