"""What one does with notifications on the inbox page: at once, undone, taken back where the server refuses it."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.dashboard import post
from tests.browser.inbox import CALM, Inbox, fill
from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """A server that makes no storm of what the tests create at once."""
    return start_server(**LOCAL, **CALM)


@pytest.fixture
def inbox(page: Page, server: Server) -> Inbox:
    """The page, with three notifications."""
    for title in ("One", "Two", "Three"):
        post(server, title)
    inbox = Inbox(page, server.url).open()
    inbox.expect_titles("Three", "Two", "One")
    return inbox


def refuse(route: Route) -> None:
    """Answer as a server in trouble does."""
    route.fulfill(status=503, json={"detail": "The database is busy."})


def unread(server: Server) -> int:
    """Return what the server counts."""
    with server.client() as client:
        return int(client.get("/api/v1/notifications/unread_count").json()["unread_count"])


def tabs(server: Server) -> dict[str, int]:
    """Return how many the server has in each place."""
    with server.client() as client:
        return dict(client.get("/api/v1/notifications/counts").json()["tabs"])


def test_a_mark_shows_before_the_server_answers(inbox: Inbox, server: Server) -> None:
    """The row and the count change at once; the answer comes later."""
    held: list[Route] = []
    inbox.page.route("**/read", lambda route: held.append(route))  # noqa: PLW0108  Playwright leaves a mark on it.
    inbox.press("Two", "read")
    expect(inbox.row("Two")).to_have_attribute("data-read", "true")
    inbox.expect_count("unread", 2)
    assert unread(server) == 3
    wait_for(lambda: len(held) == 1)
    held[0].continue_()
    wait_for(lambda: unread(server) == 2)
    expect(inbox.row("Two")).to_have_attribute("data-read", "true")


def test_what_fails_is_taken_back_and_can_be_tried_again(inbox: Inbox, server: Server) -> None:
    """The toast says what failed and why; the row is as before; Retry does it."""
    inbox.page.route("**/archived", refuse)
    inbox.press("Two", "archive")
    toast = inbox.page.get_by_test_id("toast").filter(has_text="could not be archived")
    expect(toast).to_contain_text("“Two”")
    expect(toast).to_contain_text("The database is busy.")
    inbox.expect_titles("Three", "Two", "One")
    inbox.expect_count("inbox", 3)
    inbox.page.unroute("**/archived")
    toast.get_by_test_id("toast-action").get_by_text("Retry").click()
    inbox.expect_titles("Three", "One")
    inbox.expect_count("archived", 1)


def test_archive_and_back(inbox: Inbox) -> None:
    """What is archived leaves the inbox for its own tab; undo and the tab's button bring it back."""
    inbox.press("Two", "archive")
    inbox.expect_titles("Three", "One")
    inbox.undo("Archived")
    inbox.expect_titles("Three", "Two", "One")
    inbox.press("Two", "archive")
    inbox.choose("archived")
    inbox.expect_titles("Two")
    expect(inbox.row("Two").get_by_test_id("item-badges")).to_contain_text("Archived")
    inbox.press("Two", "archive")
    expect(inbox.page.get_by_test_id("page-state")).to_contain_text("Nothing archived")
    inbox.choose("inbox")
    inbox.expect_titles("Three", "Two", "One")


def test_save_and_find_again(inbox: Inbox) -> None:
    """What is saved has a tab, also when it is archived, until it is taken out."""
    inbox.press("Two", "save")
    expect(inbox.row("Two").get_by_test_id("item-badges")).to_contain_text("Saved")
    inbox.expect_count("saved", 1)
    inbox.press("Two", "archive")
    inbox.choose("saved")
    inbox.expect_titles("Two")
    inbox.press("Two", "save")
    expect(inbox.page.get_by_test_id("page-state")).to_contain_text("Nothing saved")


def test_a_deleted_one_comes_back(inbox: Inbox) -> None:
    """Delete takes it away at once, and undo shows it again where it was."""
    inbox.press("Two", "delete")
    inbox.expect_titles("Three", "One")
    inbox.undo("Deleted")
    inbox.expect_titles("Three", "Two", "One")
    inbox.expect_count("inbox", 3)
    inbox.page.reload()
    inbox.expect_titles("Three", "Two", "One")


def test_undoing_mark_all_read_means_those_that_were_unread(inbox: Inbox, server: Server) -> None:
    """What was read before stays read."""
    inbox.press("Two", "read")
    inbox.expect_count("unread", 2)
    inbox.page.get_by_test_id("inbox-read-all").click()
    inbox.expect_count("unread", 0)
    wait_for(lambda: unread(server) == 0)
    inbox.undo("Marked as read")
    inbox.expect_count("unread", 2)
    wait_for(lambda: unread(server) == 2)
    expect(inbox.row("Two")).to_have_attribute("data-read", "true")
    expect(inbox.row("One")).to_have_attribute("data-read", "false")


def test_some_are_selected_and_done_at_once(inbox: Inbox, server: Server) -> None:
    """Ticks, a range with Shift, all that is shown; the line above offers what can be done, and undo means all."""
    page = inbox.page
    inbox.select("Three")
    inbox.row("One").get_by_test_id("item-check").click(modifiers=["Shift"])
    expect(page.get_by_test_id("head-words")).to_have_text("3 selected")
    expect(page.get_by_test_id("select-all")).to_be_checked()
    inbox.row("Two").get_by_test_id("item-check").uncheck()
    page.get_by_test_id("bulk-archive").click()
    inbox.expect_titles("Two")
    inbox.undo("Archived")
    inbox.expect_titles("Three", "Two", "One")
    page.get_by_test_id("select-all").check()
    page.get_by_test_id("bulk-save").click()
    inbox.expect_count("saved", 3)
    page.get_by_test_id("select-all").check()
    page.get_by_test_id("bulk-delete").click()
    expect(page.get_by_test_id("page-state")).to_contain_text("Your inbox is empty")
    inbox.undo("Deleted")
    inbox.expect_titles("Three", "Two", "One")


def test_a_bulk_action_that_fails_is_taken_back(inbox: Inbox, server: Server) -> None:
    """All of it is as before, and the toast says of how many."""
    inbox.page.route("**/batch/delete", refuse)
    inbox.page.get_by_test_id("select-all").check()
    inbox.page.get_by_test_id("bulk-delete").click()
    toast = inbox.page.get_by_test_id("toast").filter(has_text="could not be deleted")
    expect(toast).to_contain_text("3 of 3")
    inbox.expect_titles("Three", "Two", "One")
    inbox.page.unroute("**/batch/delete")
    toast.get_by_test_id("toast-action").click()
    expect(inbox.page.get_by_test_id("page-state")).to_contain_text("Your inbox is empty")


def test_all_that_match_are_done_also_those_not_loaded(page: Page, server: Server) -> None:
    """Seven hundred are archived with three presses, and brought back with one."""
    fill(server, 700)
    inbox = Inbox(page, server.url).open()
    inbox.expect_count("inbox", 700)
    page.get_by_test_id("select-all").check()
    whole = page.get_by_test_id("select-whole")
    expect(whole).to_have_text("Select all 700")
    whole.click()
    expect(page.get_by_test_id("head-words")).to_have_text("All 700 selected")
    page.get_by_test_id("bulk-archive").click()
    expect(page.get_by_test_id("page-state")).to_contain_text("Your inbox is empty")
    expect(page.get_by_test_id("toast").filter(has_text="Archived")).to_be_visible(timeout=60_000)
    assert tabs(server)["archived"] == 700
    inbox.expect_count("archived", 700)
    inbox.undo("Archived")
    inbox.expect_count("inbox", 700)
    wait_for(lambda: tabs(server)["inbox"] == 700, 60)


def test_a_filter_limits_what_all_means(page: Page, server: Server) -> None:
    """All that match a filter are those alone."""
    fill(server, 300)
    inbox = Inbox(page, server.url).open("?level=error")
    inbox.expect_titles("Row 200", "Row 100", "Row 0")
    page.get_by_test_id("select-all").check()
    page.get_by_test_id("bulk-delete").click()
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing matches")
    inbox.expect_count("inbox", 297)


def test_what_comes_while_one_reads_waits(page: Page, server: Server) -> None:
    """Who has scrolled down keeps their place; a button counts what is new above and leads there."""
    fill(server, 60)
    inbox = Inbox(page, server.url).open()
    expect(inbox.row("Row 59")).to_be_visible()
    page.get_by_test_id("inbox-list").evaluate("list => { list.scrollTop = 900; }")
    wait_for(lambda: "Row 45" in inbox.titles)
    before = inbox.row("Row 45").bounding_box()
    for title in ("First", "Second", "Third"):
        post(server, title)
    button = page.get_by_test_id("inbox-new")
    expect(button).to_have_text("3 new")
    inbox.expect_count("inbox", 63)
    assert inbox.row("Row 45").bounding_box() == before
    button.click()
    wait_for(lambda: inbox.titles[:4] == ["Third", "Second", "First", "Row 59"])
    expect(button).to_be_hidden()


def test_two_tabs_agree_at_once(inbox: Inbox, context: BrowserContext, server: Server) -> None:
    """What is read, archived, saved and deleted in one tab is so in the other."""
    other = Inbox(context.new_page(), server.url).open()
    other.expect_titles("Three", "Two", "One")
    inbox.press("Two", "read")
    expect(other.row("Two")).to_have_attribute("data-read", "true")
    inbox.press("Two", "save")
    expect(other.row("Two").get_by_test_id("item-badges")).to_contain_text("Saved")
    inbox.press("Two", "archive")
    other.expect_titles("Three", "One")
    other.expect_count("archived", 1)
    inbox.press("One", "delete")
    other.expect_titles("Three")
    inbox.undo("Deleted")
    other.expect_titles("Three", "One")
    assert re.match(r"\(2\) Inbox", other.page.title())
