"""A storm on the inbox page: one entry that counts, stands for all of them, and opens to each."""

from playwright.sync_api import Page, expect

from tests.browser.inbox import Inbox, fill
from tests.conftest import LOCAL, StartServer
from tests.support.waiting import wait_for


def test_a_storm_is_one_entry(page: Page, start_server: StartServer) -> None:
    """Many of one kind are a row with their number; archived together, and shown one by one where one asks for that."""
    server = start_server(**LOCAL, NOTIFICATION_STORM_COUNT="20", NOTIFICATION_STORM_SECONDS="600")
    inbox = Inbox(page, server.url).open()
    fill(server, 40)
    page.mouse.move(5, 5)
    storm = inbox.row("Row 39")
    expect(storm.get_by_test_id("item-count")).to_have_text("×\u00a039")
    inbox.expect_titles("Row 39", "Row 0")
    storm.get_by_test_id("item-title").click()
    page.get_by_test_id("details-group").click()
    wait_for(lambda: inbox.titles[:3] == ["Row 39", "Row 38", "Row 37"])
    page.get_by_test_id("filters-clear").click()
    inbox.expect_titles("Row 39", "Row 0")
    inbox.press("Row 39", "archive")
    inbox.expect_titles("Row 0")
    inbox.expect_count("archived", 39)
    inbox.undo("39 notifications")
    inbox.expect_count("inbox", 40)
