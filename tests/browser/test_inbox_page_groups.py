"""Groups and storms on the inbox page: one entry, which counts them, stands for them, and leads to each by itself."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import post
from tests.browser.inbox import Inbox, fill
from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for


@pytest.fixture
def inbox(page: Page, server: Server) -> Inbox:
    """The page of a server of this test's own; not opened yet."""
    return Inbox(page, server.url)


def test_a_group_is_one_entry(inbox: Inbox, server: Server) -> None:
    """It shows the newest and how many there are; what is done with it is done with all of them."""
    for number in range(3):
        post(server, f"Backup {number}", group_key="backup")
    post(server, "Another")
    inbox.open()
    inbox.expect_titles("Another", "Backup 2")
    expect(inbox.row("Backup 2").get_by_test_id("item-count")).to_have_text("×\xa03")
    inbox.select("Backup 2")
    expect(inbox.page.get_by_test_id("head-words")).to_have_text("3 selected")
    inbox.select("Another")
    expect(inbox.page.get_by_test_id("head-words")).to_have_text("4 selected")
    expect(inbox.page.get_by_test_id("select-whole")).to_be_hidden()
    inbox.page.keyboard.press("Escape")
    expect(inbox.page.get_by_test_id("inbox-status")).to_have_text("That is all.")
    inbox.press("Backup 2", "archive")
    inbox.expect_titles("Another")
    inbox.expect_count("archived", 3)
    inbox.choose("archived")
    inbox.row("Backup 2").get_by_test_id("item-title").click()
    inbox.page.get_by_test_id("details-group").get_by_text("backup", exact=True).click()
    inbox.expect_titles("Backup 2", "Backup 1", "Backup 0")


def test_a_storm_is_one_entry(page: Page, start_server: StartServer) -> None:
    """Many of one kind are a row with their number; archived together, and shown one by one where one asks for that.

    The storm's key, which says nothing to a person, is neither in the row nor among the filters.
    """
    server = start_server(**LOCAL, NOTIFICATION_STORM_COUNT="20", NOTIFICATION_STORM_SECONDS="600")
    inbox = Inbox(page, server.url).open()
    fill(server, 40)
    page.mouse.move(5, 5)
    storm = inbox.row("Row 39")
    expect(storm.get_by_test_id("item-count")).to_have_text("×\xa039")
    inbox.expect_titles("Row 39", "Row 0")
    storm.get_by_test_id("item-title").click()
    expect(page.get_by_test_id("details-group")).to_have_text("Storm of one kind")
    page.get_by_test_id("details-group").click()
    wait_for(lambda: inbox.titles[:3] == ["Row 39", "Row 38", "Row 37"])
    expect(page.get_by_test_id("filter-clear")).to_have_text("Group: Storm of one kind")
    page.get_by_test_id("filters-clear").click()
    inbox.expect_titles("Row 39", "Row 0")
    inbox.press("Row 39", "archive")
    inbox.expect_titles("Row 0")
    inbox.expect_count("archived", 39)
    inbox.undo("39 notifications")
    inbox.expect_count("inbox", 40)
