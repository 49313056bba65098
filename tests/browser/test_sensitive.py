"""Sensitive notifications on the dashboard: neutral everywhere, until the person asks to see one."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from realtime import keys
from tests.browser.dashboard import Dashboard, post
from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server

MARKER = "xyzzy-plugh"
NEUTRAL = "Sensitive notification"
MARKUP = "<img src=x onerror=alert(1)>"
SECRET = {
    "title": f"Title {MARKER}",
    "message": f"Message {MARKER}\n{MARKUP}",
    "related_entity": "db-1",
    "metadata": {"port": 5432},
}


@pytest.fixture(scope="module")
def key() -> str:
    """The key of every server here."""
    return keys.generate()


@pytest.fixture
def server(start_server: StartServer, key: str) -> Server:
    """A server with a key."""
    return start_server(**LOCAL, ENCRYPTION_KEYS=key)


@pytest.fixture
def secret(dashboard: Dashboard, server: Server) -> Iterator[Locator]:
    """A sensitive notification that has just arrived, in the latest activity."""
    post(server, **SECRET, level="error", sensitive=True)
    dashboard.expect_note(NEUTRAL)
    yield dashboard.note(NEUTRAL)
    assert not [line for line in dashboard.console if MARKER in line]


def everything(page: Page) -> str:
    """Return all that the page shows and keeps: its elements, its title, and both storages."""
    script = "[document.documentElement.outerHTML, document.title, {...sessionStorage}, {...localStorage}]"
    return json.dumps(page.evaluate(script))


def test_it_arrives_without_a_word_of_it(secret: Locator, dashboard: Dashboard) -> None:
    """Row, toast, panel and storage have the neutral title and a lock, and nothing else."""
    expect(dashboard.page.get_by_test_id("toast")).to_contain_text(NEUTRAL)
    expect(secret.locator("h3 use")).to_have_attribute("href", "/static/icons.svg#lock")
    dashboard.open_panel()
    assert MARKER not in everything(dashboard.page)


def test_it_is_shown_by_keyboard_as_text_and_hidden_again(secret: Locator, dashboard: Dashboard) -> None:
    """Show asks for it and says that it is open; what it says is no markup; Hide leaves nothing of it."""
    show = secret.get_by_test_id("show-secret")
    show.focus()
    dashboard.page.keyboard.press("Enter")
    text = secret.get_by_test_id("secret")
    for part in (SECRET["title"], MARKUP, "db-1", "5432"):
        expect(text).to_contain_text(str(part))
    expect(text.locator("img")).to_have_count(0)
    expect(show).to_have_attribute("aria-expanded", "true")
    expect(show).to_be_focused()
    assert show.get_attribute("aria-controls") == text.get_attribute("id")
    assert text.locator("xpath=..").get_attribute("aria-live") == "polite"
    expect(show).to_have_accessible_name("Hide what this notification says")
    dashboard.page.keyboard.press("Enter")
    expect(text).to_be_hidden()
    expect(show).to_have_attribute("aria-expanded", "false")
    assert MARKER not in everything(dashboard.page)


def test_it_goes_when_nobody_looks(secret: Locator, dashboard: Dashboard) -> None:
    """A tab that is hidden, and a panel that is closed, show it no longer when they come back."""
    secret.get_by_test_id("show-secret").click()
    expect(secret.get_by_test_id("secret")).to_contain_text(MARKER)
    dashboard.page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(secret.get_by_test_id("secret")).to_be_hidden()
    assert MARKER not in everything(dashboard.page)
    dashboard.page.evaluate("delete document.visibilityState")
    panel = dashboard.open_panel()
    panel.get_by_test_id("show-secret").click()
    expect(panel.get_by_test_id("secret")).to_contain_text(MARKER)
    dashboard.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert MARKER not in everything(dashboard.page)


def test_nothing_of_it_outlives_a_reload(secret: Locator, dashboard: Dashboard) -> None:
    """What the page keeps over a reload is the neutral form, also while the text was shown."""
    secret.get_by_test_id("show-secret").click()
    expect(secret.get_by_test_id("secret")).to_contain_text(MARKER)
    dashboard.page.reload()
    dashboard.expect_state("Connected")
    dashboard.expect_note(NEUTRAL)
    assert MARKER not in everything(dashboard.page)


def test_a_change_hides_it(secret: Locator, dashboard: Dashboard, server: Server) -> None:
    """What is shown is never an old text: a new version has to be asked for again."""
    secret.get_by_test_id("show-secret").click()
    expect(secret.get_by_test_id("secret")).to_contain_text(MARKER)
    pk = secret.get_attribute("data-id")
    with server.client() as client:
        client.patch(f"/api/v1/notifications/{pk}", json={"message": "Another"}).raise_for_status()
    expect(secret.get_by_test_id("secret")).to_be_hidden()
    secret.get_by_test_id("show-secret").click()
    expect(secret.get_by_test_id("secret")).to_contain_text("Another")


def test_one_that_cannot_be_read_says_what_to_do(secret: Locator, dashboard: Dashboard, server: Server) -> None:
    """With another key on the server it says so in words, and the row stays."""
    server.stop()
    server.env["ENCRYPTION_KEYS"] = keys.generate()
    server.start()
    dashboard.page.reload()
    dashboard.expect_state("Connected")
    secret.get_by_test_id("show-secret").click()
    expect(secret.get_by_test_id("secret")).to_contain_text("ENCRYPTION_KEYS")


def test_one_can_be_sent_from_the_page(dashboard: Dashboard) -> None:
    """The dialog has a box for it."""
    page = dashboard.page
    page.get_by_test_id("compose-open").click()
    page.get_by_test_id("compose-name").fill(f"Sent {MARKER}")
    page.get_by_test_id("compose-message").fill("By hand")
    page.get_by_test_id("compose-sensitive").check()
    page.get_by_test_id("compose-send").click()
    dashboard.expect_note(NEUTRAL)
    dashboard.note(NEUTRAL).get_by_test_id("show-secret").click()
    expect(dashboard.note(NEUTRAL).get_by_test_id("secret")).to_contain_text(f"Sent {MARKER}")
