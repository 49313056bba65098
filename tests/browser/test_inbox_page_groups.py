"""Groups and storms on the inbox page: one entry, which counts them, stands for them, and leads to each by itself."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import post
from tests.browser.inbox import Inbox
from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server


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


def test_a_storm_is_called_one(page: Page, start_server: StartServer) -> None:
    """Its key, which says nothing to a person, is nowhere in the page but in the JSON."""
    server = start_server(**LOCAL, NOTIFICATION_STORM_COUNT="2")
    for number in range(3):
        post(server, f"Link {number} is down")
    inbox = Inbox(page, server.url).open()
    inbox.expect_titles("Link 2 is down")
    inbox.row("Link 2 is down").get_by_test_id("item-title").click()
    group = page.get_by_test_id("details-group")
    expect(group).to_have_text("Storm of one kind")
    group.click()
    inbox.expect_titles("Link 2 is down", "Link 1 is down", "Link 0 is down")
    expect(page.get_by_test_id("filter-clear")).to_have_text("Group: Storm of one kind")
