"""The inbox page by keyboard and to a screen reader."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import post
from tests.browser.inbox import Inbox
from tests.support.servers import Server
from tests.support.waiting import wait_for


@pytest.fixture
def inbox(page: Page, server: Server) -> Inbox:
    """The page, with three notifications."""
    for title in ("One", "Two", "Three"):
        post(server, title, message=f"About {title}")
    inbox = Inbox(page, server.url).open()
    inbox.expect_titles("Three", "Two", "One")
    return inbox


def press(inbox: Inbox, *keys: str) -> None:
    """Press keys, one after another."""
    for key in keys:
        inbox.page.keyboard.press(key)


def test_j_and_k_go_from_row_to_row(inbox: Inbox) -> None:
    """From the first on, and not beyond the ends."""
    press(inbox, "j")
    wait_for(lambda: inbox.focused() == "Three")
    press(inbox, "j", "j", "j")
    wait_for(lambda: inbox.focused() == "One")
    press(inbox, "k")
    wait_for(lambda: inbox.focused() == "Two")


def test_keys_do_what_buttons_do(inbox: Inbox) -> None:
    """u reads, s saves, x selects, e archives and the focus goes to what is next; Escape takes the selection back."""
    press(inbox, "j", "u")
    expect(inbox.row("Three")).to_have_attribute("data-read", "true")
    press(inbox, "u")
    expect(inbox.row("Three")).to_have_attribute("data-read", "false")
    press(inbox, "s")
    expect(inbox.row("Three").get_by_test_id("item-badges")).to_contain_text("Saved")
    press(inbox, "x")
    expect(inbox.row("Three").get_by_test_id("item-check")).to_be_checked()
    press(inbox, "Escape")
    expect(inbox.row("Three").get_by_test_id("item-check")).not_to_be_checked()
    press(inbox, "e")
    inbox.expect_titles("Two", "One")
    wait_for(lambda: inbox.focused() == "Two")
    press(inbox, "x", "j", "x", "e")
    expect(inbox.page.get_by_test_id("page-state")).to_contain_text("Your inbox is empty")


def test_enter_opens_and_escape_closes(inbox: Inbox) -> None:
    """The focus stays in the row."""
    press(inbox, "j", "Enter")
    expect(inbox.row("Three").get_by_test_id("item-details")).to_contain_text("About Three")
    expect(inbox.row("Three").get_by_test_id("item-title")).to_have_attribute("aria-expanded", "true")
    press(inbox, "Escape")
    expect(inbox.page.get_by_test_id("item-details")).to_have_count(0)
    assert inbox.focused() == "Three"


def test_letters_are_letters_where_one_types(inbox: Inbox) -> None:
    """`/` leads into the search, where e does not archive; Escape leaves it."""
    press(inbox, "j", "/")
    expect(inbox.page.get_by_test_id("search")).to_be_focused()
    inbox.page.keyboard.type("e")
    inbox.expect_titles("Three", "One")
    press(inbox, "Escape")
    inbox.expect_titles("Three", "Two", "One")


def test_the_keys_are_listed_and_can_be_switched_off(inbox: Inbox) -> None:
    """`?` shows them; switched off, a single letter does nothing, also after a reload."""
    press(inbox, "?")
    dialog = inbox.page.get_by_test_id("shortcuts")
    expect(dialog).to_contain_text("Archive")
    inbox.page.get_by_test_id("shortcuts-on").uncheck()
    press(inbox, "Escape")
    expect(dialog).to_be_hidden()
    inbox.open()
    inbox.expect_titles("Three", "Two", "One")
    inbox.row("Three").focus()
    press(inbox, "e", "ArrowDown")
    wait_for(lambda: inbox.focused() == "Two")
    assert inbox.titles == ["Three", "Two", "One"]
    inbox.page.get_by_test_id("shortcuts-open").click()
    inbox.page.get_by_test_id("shortcuts-on").check()
    press(inbox, "Escape")
    inbox.row("Three").focus()
    press(inbox, "e")
    inbox.expect_titles("Two", "One")


def test_it_is_a_feed(inbox: Inbox, server: Server) -> None:
    """Articles with their place and number, named by their title; the list is one stop of Tab; Page Down goes on."""
    feed = inbox.page.get_by_role("feed", name="Notifications")
    expect(feed).to_have_attribute("aria-busy", "false")
    articles = feed.get_by_role("article")
    expect(articles).to_have_count(3)
    expect(articles.nth(1)).to_have_attribute("aria-posinset", "2")
    expect(articles.nth(1)).to_have_attribute("aria-setsize", "3")
    expect(articles.nth(1)).to_have_accessible_name("Unread. Info: Two")
    expect(articles.nth(1)).to_have_accessible_description("About Two")
    assert feed.locator("[tabindex='0']").count() == 1
    press(inbox, "j", "PageDown")
    wait_for(lambda: inbox.focused() == "Two")


def test_what_happens_is_said_together(inbox: Inbox) -> None:
    """Another view is told in one sentence of the one polite region."""
    announcer = inbox.page.get_by_test_id("announcer")
    inbox.page.get_by_test_id("level-error").click()
    expect(announcer).to_have_text("0 notifications.")
    inbox.page.get_by_test_id("filters-clear").or_(inbox.page.get_by_test_id("state-action")).click()
    expect(announcer).to_have_text("3 notifications.")
