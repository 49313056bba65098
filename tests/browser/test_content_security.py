"""The pages under their Content-Security-Policy: the browser has nothing to complain about."""

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.browser.dashboard import Dashboard
from tests.support.servers import Server


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says about the policy, while the test goes on."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            found.append(message.text)

    page.on("console", note)
    return found


def test_dashboard_needs_nothing_that_is_forbidden(page: Page, server: Server, complaints: list[str]) -> None:
    """The dashboard connects, shows what arrives, and opens its panel and its dialog."""
    dashboard = Dashboard(page, server.url).open()
    with server.client() as client:
        client.post("/api/v1/notifications", json={"title": "Under a policy", "level": "error"}).raise_for_status()
    expect(page.get_by_test_id("toasts")).to_contain_text("Under a policy")
    dashboard.expect_state("Connected")
    page.get_by_test_id("theme").click()
    page.get_by_test_id("bell").click()
    expect(page.get_by_test_id("panel")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_test_id("compose-open").click()
    expect(page.get_by_test_id("compose")).to_be_visible()
    assert complaints == []


def test_policy_is_enforced(page: Page, server: Server, complaints: list[str]) -> None:
    """A script that found its way into the page does not run, and the browser says why."""
    Dashboard(page, server.url).open()
    inject = "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)"
    page.evaluate(f"() => {{ {inject} }}")
    assert page.evaluate("window.ran") is None
    assert len(complaints) == 1


def test_docs_need_nothing_that_is_forbidden(page: Page, server: Server, complaints: list[str]) -> None:
    """The API's docs render, and open an operation."""
    page.goto(f"{server.url}/api/docs")
    page.get_by_role("heading", name="Aether API").wait_for()
    page.get_by_text("Create a notification").click()
    page.get_by_text("Request body").first.wait_for()
    assert complaints == []


def test_admin_needs_nothing_that_is_forbidden(page: Page, server: Server, complaints: list[str]) -> None:
    """The admin lists, and opens the forms with its own scripts."""
    for path, heading in (
        ("notifications/notification/", "Select notification to change"),
        ("notifications/notification/add/", "Add notification"),
        ("auth/group/add/", "Add group"),
        ("auth/user/", "Select user to change"),
    ):
        page.goto(f"{server.url}/admin/{path}")
        page.get_by_role("heading", name=heading).wait_for()
    assert complaints == []
