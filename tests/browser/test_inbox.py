"""Reading, deleting and undoing, in one tab and seen from another."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.dashboard import Dashboard, post
from tests.support.servers import Server


@pytest.fixture
def two_tabs(context: BrowserContext, server: Server) -> tuple[Dashboard, Dashboard]:
    """Two tabs of one person, with three notifications."""
    for title in ("One", "Two", "Three"):
        post(server, title)
    first, second = (Dashboard(context.new_page(), server.url).open() for _ in range(2))
    for tab in (first, second):
        tab.expect_unread(3)
    return first, second


def in_panel(panel: Page, title: str):
    return panel.get_by_test_id("notification").filter(has_text=title)


def test_marking_one_as_read_shows_in_the_other_tab(two_tabs: tuple[Dashboard, Dashboard]) -> None:
    """Read and unread marks travel with the right count."""
    first, second = two_tabs
    panel = first.open_panel()
    in_panel(panel, "Two").get_by_test_id("toggle-read").click()
    for tab in (first, second):
        tab.expect_unread(2)
        expect(tab.note("Two")).to_have_attribute("data-read", "true")
    in_panel(panel, "Two").get_by_test_id("toggle-read").click()
    for tab in (first, second):
        tab.expect_unread(3)
        expect(tab.note("Two")).to_have_attribute("data-read", "false")


def test_mark_all_read_empties_the_bell_everywhere(two_tabs: tuple[Dashboard, Dashboard], server: Server) -> None:
    """Mark-all-read takes the count away in both tabs and after a reload; what comes later counts again."""
    first, second = two_tabs
    first.open_panel().get_by_test_id("read-all").click()
    for tab in (first, second):
        tab.expect_unread(0)
        expect(tab.note("One")).to_have_attribute("data-read", "true")
    second.open()
    second.expect_unread(0)
    post(server, "Four")
    for tab in (first, second):
        tab.expect_unread(1)


def test_a_deleted_notification_goes_everywhere_and_can_come_back(two_tabs: tuple[Dashboard, Dashboard]) -> None:
    """Delete takes it out of both tabs, and undo brings it back into both."""
    first, second = two_tabs
    panel = first.open_panel()
    in_panel(panel, "Two").get_by_test_id("delete").click()
    for tab in (first, second):
        tab.expect_note("Two", times=0)
        tab.expect_unread(2)
    first.page.get_by_test_id("toast-action").get_by_text("Undo").click()
    for tab in (first, second):
        tab.expect_note("Two")
        tab.expect_unread(3)


def test_an_update_replaces_and_reopens(two_tabs: tuple[Dashboard, Dashboard], server: Server) -> None:
    """An update shows once, in place, and counts as unread again for who had read it."""
    first, second = two_tabs
    pk = post(server, "Flapping", message="1")
    first.open_panel().get_by_test_id("read-all").click()
    second.expect_unread(0)
    with server.client() as client:
        assert client.patch(f"/api/v1/notifications/{pk}", json={"message": "2"}).status_code == 200
    for tab in (first, second):
        tab.expect_note("Flapping")
        expect(tab.note("Flapping").get_by_test_id("notification-message")).to_have_text("2")
        tab.expect_unread(1)


def test_the_panel_opens_closes_and_gives_the_focus_back(dashboard: Dashboard) -> None:
    """Escape closes the panel, the bell has the focus again, and `aria-expanded` tells the truth throughout."""
    bell = dashboard.page.get_by_test_id("bell")
    expect(bell).to_have_attribute("aria-expanded", "false")
    panel = dashboard.open_panel()
    expect(bell).to_have_attribute("aria-expanded", "true")
    assert dashboard.page.evaluate("document.querySelector('[data-testid=panel]').contains(document.activeElement)")
    dashboard.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(bell).to_have_attribute("aria-expanded", "false")
    expect(bell).to_be_focused()


def test_more_than_99_are_counted_as_99_plus(dashboard: Dashboard, server: Server) -> None:
    """The badge stays small, while its words keep the number."""
    server.python("from notifications import actions; actions.create_many([{'title': f'n{i}'} for i in range(120)])")
    expect(dashboard.page.get_by_test_id("bell-count")).to_have_text("99+")
    expect(dashboard.page.get_by_test_id("bell-words")).to_contain_text("120")
