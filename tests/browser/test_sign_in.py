"""Signing in with a real Chromium: by password, through a real OpenID provider, and when it does not work."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard
from tests.support.openid import CALLBACK, OpenIdProvider, openid_provider
from tests.support.servers import Server


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    """A provider that knows one person."""
    with openid_provider() as provider:
        provider.person("c-1", preferred_username="ann", groups=["desk"])
        yield provider


@pytest.fixture(scope="module")
def relying(
    provider: OpenIdProvider, migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that takes passwords, and logins from the provider."""
    server = Server(tmp_path_factory.mktemp("relying"), migrated_database, OIDC_ROLES="desk=Writer", LOGIN_ATTEMPTS="2")
    server.env |= provider.register(f"{server.url}{CALLBACK}")
    yield server.start()
    server.stop()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console has to complain about."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if "Content" in message.text else None)
    return found


def test_through_the_provider(page: Page, relying: Server, provider: OpenIdProvider, complaints: list[str]) -> None:
    """From the dashboard's address over the login page and the provider back to the dashboard, live, and out again."""
    page.goto(f"{relying.url}/")
    page.get_by_test_id("oidc").click()
    expect(page).to_have_url(re.compile(re.escape(provider.url)))
    page.locator("input[name=sub]").fill("c-1")
    page.get_by_role("button", name="Authorize").click()
    dashboard = Dashboard(page, relying.url)
    dashboard.expect_state("Connected")
    expect(page).to_have_url(f"{relying.url}/")
    page.get_by_test_id("menu-button").click()
    expect(page.get_by_test_id("menu")).to_contain_text("ann")
    page.get_by_test_id("logout").click()
    expect(page.get_by_test_id("oidc")).to_be_visible()
    assert complaints == []


def test_declining_leads_back(page: Page, relying: Server, provider: OpenIdProvider) -> None:
    """Whoever has no role reads so on a page of this site, and comes back to the login page from there."""
    page.goto(f"{relying.url}/accounts/login/")
    page.get_by_test_id("oidc").click()
    page.locator("input[name=sub]").fill("somebody-else")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", name="You have no role here")).to_be_visible()
    page.get_by_role("link", name="Back to the login page").click()
    expect(page.get_by_test_id("oidc")).to_be_visible()


def test_guessing_is_told_to_wait(page: Page, relying: Server) -> None:
    """The page says what was wrong, and after too many attempts how long to wait."""
    page.goto(f"{relying.url}/accounts/login/")
    for shown in ("login-error", "login-locked"):
        page.locator("[name=username]").fill("ada")
        page.locator("[name=password]").fill("wrong")
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id(shown)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_text("Too many wrong passwords. Wait 15 minutes, then try again.")
