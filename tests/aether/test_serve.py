"""Tests of `manage.py serve`."""

from playwright.sync_api import Page

from tests.support.servers import Server


def test_serves_health(server: Server) -> None:
    """A served project answers that it lives and that it is ready."""
    with server.client() as client:
        assert client.get("/healthz").json()["status"] == "healthy"
        assert client.get("/readyz").json()["checks"] == {"database": "ok"}


def test_browser_opens_the_admin(server: Server, page: Page) -> None:
    """With login off, a real browser opens the admin without a password."""
    page.goto(f"{server.url}/admin/")
    assert page.title() == "Site administration | Django site admin"
