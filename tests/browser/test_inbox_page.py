"""The inbox page: its tabs, what it says where there is nothing, what is in its address, and in a notification."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.dashboard import post
from tests.browser.inbox import Inbox
from tests.browser.proxy import POLL, STREAM, WEBSOCKET, Proxy
from tests.browser.test_content_security import complaints  # noqa: F401  (a fixture)
from tests.support.servers import Server

EMPTY = {
    "inbox": "Your inbox is empty",
    "unread": "All caught up",
    "saved": "Nothing saved",
    "snoozed": "Nothing snoozed",
    "archived": "Nothing archived",
}


@pytest.fixture
def inbox(page: Page, server: Server) -> Inbox:
    """The page of a server of this test's own; not opened yet."""
    return Inbox(page, server.url)


def test_each_tab_says_what_it_is_for(inbox: Inbox, complaints: list[str]) -> None:  # noqa: F811
    """A tab without notifications has a friendly sentence; none of the pages' rules is broken."""
    inbox.open()
    for tab, words in EMPTY.items():
        inbox.choose(tab) if tab != "inbox" else None
        expect(inbox.page.get_by_test_id("page-state")).to_contain_text(words)
        expect(inbox.page.get_by_test_id("inbox-list")).to_be_hidden()
    assert complaints == []


def test_one_gets_there_from_the_bell_and_the_navigation(inbox: Inbox, server: Server) -> None:
    """The panel leads to it, and the navigation marks it."""
    page = inbox.page
    page.goto(f"{server.url}/jobs")
    page.get_by_test_id("bell").click()
    page.get_by_test_id("see-all").click()
    expect(page).to_have_url(f"{server.url}/notifications")
    expect(page.get_by_test_id("nav-inbox")).to_have_attribute("aria-current", "page")
    expect(page.get_by_test_id("nav-inbox")).to_have_text("Inbox")


def test_what_comes_is_listed_and_counted(inbox: Inbox, server: Server) -> None:
    """New ones appear on top, changed ones in place, deleted ones go; counts and title follow."""
    post(server, "One")
    inbox.open()
    inbox.expect_titles("One")
    pk = post(server, "Two", level="warning")
    inbox.expect_titles("Two", "One")
    inbox.expect_count("inbox", 2)
    inbox.expect_count("unread", 2)
    expect(inbox.page).to_have_title(re.compile(r"^\(2\) Inbox"))
    with server.client() as client:
        client.patch(f"/api/v1/notifications/{pk}", json={"title": "Two and a half"}).raise_for_status()
        inbox.expect_titles("Two and a half", "One")
        client.delete(f"/api/v1/notifications/{pk}").raise_for_status()
    inbox.expect_titles("One")
    inbox.expect_count("inbox", 1)


def test_the_address_holds_the_view(inbox: Inbox, server: Server) -> None:
    """Tab, filters and search are in it; Back, Forward and a reload keep them."""
    post(server, "Disk is full", level="error", category="host", related_entity="db-1")
    post(server, "Backup done", level="success", category="job")
    inbox.open()
    page = inbox.page
    page.get_by_test_id("level-error").click()
    inbox.expect_titles("Disk is full")
    expect(page).to_have_url(re.compile(r"\?level=error$"))
    inbox.choose("unread")
    expect(page).to_have_url(re.compile(r"level=error.*tab=unread|tab=unread.*level=error"))
    page.go_back()
    expect(page.get_by_test_id("tab-inbox")).to_have_attribute("aria-current", "page")
    page.go_back()
    inbox.expect_titles("Backup done", "Disk is full")
    page.go_forward()
    inbox.expect_titles("Disk is full")
    page.reload()
    inbox.expect_titles("Disk is full")
    expect(page.get_by_test_id("level-error")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("search").fill("backup")
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing matches")
    page.get_by_test_id("state-action").get_by_text("Clear filters").click()
    inbox.expect_titles("Backup done", "Disk is full")
    expect(page.get_by_test_id("search")).to_have_value("")
    expect(page).to_have_url(f"{server.url}/notifications")


def test_the_other_filters(inbox: Inbox, server: Server) -> None:
    """Category, what it is about, and when; each can be taken out by itself."""
    post(server, "About a host", category="host", related_entity="db-1")
    post(server, "About a job", category="job", related_entity="db-1")
    inbox.open()
    page = inbox.page
    page.get_by_test_id("filters-open").click()
    page.get_by_test_id("category-host").check()
    inbox.expect_titles("About a host")
    page.get_by_test_id("filter-about").fill("db-1")
    page.get_by_test_id("filter-about-add").click()
    page.get_by_test_id("filter-span").select_option("24h")
    inbox.expect_titles("About a host")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("inbox-more")).to_be_hidden()
    expect(page.get_by_test_id("filter-clear")).to_have_text(["Host", "About db-1", "Last 24 hours"])
    page.get_by_test_id("filter-clear").first.click()
    inbox.expect_titles("About a job", "About a host")
    page.get_by_test_id("filters-clear").click()
    expect(page.get_by_test_id("filters-chosen")).to_be_hidden()


def test_a_view_of_ones_own_times_can_be_sent(inbox: Inbox, server: Server) -> None:
    """Times in the address choose what is listed, and are shown in the fields."""
    post(server, "Now")
    inbox.open("?created_before=2026-01-01T00:00:00Z")
    expect(inbox.page.get_by_test_id("page-state")).to_contain_text("Nothing matches")
    inbox.open("?created_after=2026-01-01T00:00:00Z")
    inbox.expect_titles("Now")
    inbox.page.get_by_test_id("filters-open").click()
    expect(inbox.page.get_by_test_id("filter-span")).to_have_value("own")
    expect(inbox.page.get_by_test_id("created_after")).to_have_value(re.compile(r"^202[56]-"))


def test_it_opens_in_place(inbox: Inbox, server: Server) -> None:
    """All that there is to say is shown below the row, as text; opening reads it, and Escape closes it."""
    hostile = "<img src=x onerror=alert(1)>\nSee https://example.org/a"
    post(server, "Below", message="last")
    post(server, "Above", message=hostile, category="host", related_entity="db-1", metadata={"port": 5432})
    inbox.open()
    page = inbox.page
    inbox.row("Above").get_by_test_id("item-title").click()
    details = inbox.row("Above").get_by_test_id("item-details")
    expect(details.get_by_test_id("details-message")).to_contain_text("<img src=x")
    expect(details.locator("img")).to_have_count(0)
    expect(details.get_by_role("link", name="https://example.org/a")).to_be_visible()
    expect(details).to_contain_text("5432")
    expect(details.get_by_test_id("details-host")).to_have_attribute("href", "/inventory/hosts/db-1")
    details.get_by_text("JSON", exact=True).click()
    expect(details.get_by_test_id("details-json")).to_contain_text('"related_entity": "db-1"')
    expect(inbox.row("Above")).to_have_attribute("data-read", "true")
    inbox.expect_count("unread", 1)
    below = inbox.row("Below").evaluate("row => row.getBoundingClientRect().top")
    assert below >= details.evaluate("box => box.getBoundingClientRect().bottom") - 1
    inbox.row("Below").get_by_test_id("item-title").click()
    expect(page.get_by_test_id("item-details")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("item-details")).to_have_count(0)


def test_one_opened_among_the_unread_stays_until_it_is_closed(inbox: Inbox, server: Server) -> None:
    """Opening reads it, and it must not vanish before one has read it."""
    post(server, "One")
    inbox.open("?tab=unread")
    inbox.row("One").get_by_test_id("item-title").click()
    expect(inbox.row("One")).to_have_attribute("data-read", "true")
    inbox.expect_count("unread", 0)
    expect(inbox.page.get_by_test_id("item-details")).to_be_visible()
    inbox.page.keyboard.press("Escape")
    expect(inbox.page.get_by_test_id("page-state")).to_contain_text("All caught up")


def test_without_a_connection(page: Page, proxy: Proxy, server: Server) -> None:
    """They come over REST where nothing else gets through; an error offers to try again; a line says it is stale."""
    post(server, "There")
    proxy.block(WEBSOCKET, STREAM, POLL)
    page.route("**/api/v1/notifications?*", lambda route: route.abort())
    page.goto(f"{proxy.url}/notifications")
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing could be loaded", timeout=30_000)
    page.unroute("**/api/v1/notifications?*")
    page.get_by_test_id("state-action").click()
    Inbox(page, proxy.url).expect_titles("There")
    expect(page.get_by_test_id("stale-words")).to_contain_text("As of")


def test_what_came_meanwhile_is_marked(inbox: Inbox, server: Server) -> None:
    """What came while the person was elsewhere is marked as new, once."""
    post(server, "Old")
    inbox.open()
    inbox.expect_titles("Old")
    inbox.page.goto(f"{server.url}/jobs")
    post(server, "Fresh")
    inbox.open()
    expect(inbox.row("Fresh").get_by_test_id("changed-mark")).to_have_text("New")
    expect(inbox.row("Old").get_by_test_id("changed-mark")).to_have_count(0)
    inbox.page.reload()
    expect(inbox.row("Fresh")).to_be_visible()
    expect(inbox.page.get_by_test_id("changed-mark")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 320])
def test_it_fits_a_phone(inbox: Inbox, server: Server, width: int) -> None:
    """It does not scroll sideways, open or closed, and what can be done with one is in reach and large enough."""
    page = inbox.page
    page.set_viewport_size(ViewportSize(width=width, height=780))
    post(server, "A title that is rather long, as titles are", message="word " * 40, related_entity="hv-1.example")
    inbox.open()
    page.get_by_test_id("item-title").click()
    for verb in ("unread", "archive", "save", "snooze", "delete"):
        target = page.get_by_test_id(f"details-{verb}")
        expect(target).to_be_visible()
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_chosen_tab_is_in_sight_on_a_phone(inbox: Inbox) -> None:
    """Where not all tabs fit beside each other, they are scrolled to the one that the address names."""
    inbox.page.set_viewport_size(ViewportSize(width=390, height=780))
    inbox.open("?tab=archived")
    expect(inbox.page.get_by_test_id("tab-archived")).to_be_in_viewport(ratio=0.99)
    inbox.open()
    expect(inbox.page.get_by_test_id("tab-inbox")).to_be_in_viewport(ratio=0.99)
    inbox.page.get_by_test_id("tab-saved").click()
    expect(inbox.page.get_by_test_id("tab-saved")).to_be_in_viewport(ratio=0.99)
