"""The pages under their Content-Security-Policy: the browser has nothing to complain about."""

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page, expect

from tests.browser.dashboard import Dashboard
from tests.support.servers import Server


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says about the policy, while the test goes on."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if any(words in message.text for words in ("Content Security Policy", "Content-Security-Policy", "'Trusted")):
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
    append = "const s = document.createElement('script'); s.append('window.ran = 1'); document.body.append(s)"
    page.evaluate(f"() => {{ try {{ {append} }} catch {{ }} }}")
    assert page.evaluate("window.ran") is None
    assert complaints


def test_text_cannot_become_markup(page: Page, server: Server) -> None:
    """The browser itself refuses to read a text as markup, even from the page's own scripts."""
    Dashboard(page, server.url).open()
    for attempt in (
        "document.body.innerHTML = text",
        "document.body.insertAdjacentHTML('beforeend', text)",
        "document.createRange().createContextualFragment(text)",
        "document.createElement('iframe').srcdoc = text",
        "setTimeout(text)",
    ):
        with pytest.raises(Error, match=r"(?i)trusted|unsafe-eval|Content Security Policy"):
            page.evaluate(f"(text) => {{ {attempt} }}", "<b>bold</b>")


def test_docs_need_nothing_that_is_forbidden(page: Page, server: Server, complaints: list[str]) -> None:
    """The API's docs render, open an operation and try it out."""
    page.goto(f"{server.url}/api/docs")
    page.get_by_role("heading", name="Aether API").wait_for()
    page.get_by_text("Create a notification").click()
    page.get_by_text("Request body").first.wait_for()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.get_by_text("Server response").first.wait_for()
    assert complaints == []


def test_admin_needs_nothing_that_is_forbidden(page: Page, server: Server, complaints: list[str]) -> None:
    """The admin lists, and opens the forms, with its own scripts, none of which fails."""
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"warning", "error"} else None
    )
    page.goto(f"{server.url}/admin/")
    links = page.locator("#nav-sidebar-apps a[href^='/admin/']")
    expect(links.first).to_be_visible()
    hrefs = links.evaluate_all("links => links.map((link) => link.pathname)")
    assert len(hrefs) > 10
    for path in sorted({*hrefs, "/admin/auth/user/add/", "/admin/password_change/"}):
        answer = page.goto(f"{server.url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        page.locator("#main h1").wait_for()
        assert complaints == [], path


def test_what_unfold_does_works_under_the_policy(page: Page, server: Server, complaints: list[str]) -> None:
    """Menus open, the theme switches and is the dashboard's too, filters slide in, and the navigation folds away."""
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{server.url}/admin/notifications/notification/")
    page.get_by_role("button", name="Filters").press("Enter")
    expect(page.get_by_role("heading", name="By level")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="By level")).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    expect(page.locator("#nav-sidebar-apps")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Filters")).to_be_visible()
    expect(page.locator("#nav-sidebar-apps")).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    expect(page.locator("#nav-sidebar-apps")).to_be_visible()
    page.keyboard.press("Control+e")
    page.keyboard.press("Control+e")
    chosen = page.locator("html").get_attribute("data-theme")
    page.goto(server.url)
    expect(page.locator("html")).to_have_attribute("data-theme", str(chosen))
    assert complaints == []
