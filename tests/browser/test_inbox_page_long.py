"""The inbox page with 10,000 notifications: little of it is on the page, and all of it can be reached."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.inbox import CALM, Inbox, fill
from tests.conftest import LOCAL
from tests.support.servers import Server
from tests.support.waiting import wait_for

COUNT = 10_000
ROWS = 60
"""More are never on the page, whatever is listed."""


@pytest.fixture(scope="module")
def server(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with all of them for the tests of this module, which change none."""
    server = Server(tmp_path_factory.mktemp("long"), migrated_database, **LOCAL, **CALM)
    fill(server, COUNT)
    yield server.start()
    server.stop()


@pytest.fixture
def inbox(page: Page, server: Server) -> Inbox:
    """The page."""
    inbox = Inbox(page, server.url).open()
    wait_for(lambda: inbox.titles[:2] == ["Row 9999", "Row 9998"], 30)
    return inbox


def numbers(inbox: Inbox) -> list[int]:
    """Return the numbers of the rows on the page, from top to bottom."""
    return [int(title.split()[1]) for title in inbox.titles]


def scroll_to(inbox: Inbox, part: float) -> None:
    """Scroll to a part of what is loaded."""
    inbox.page.get_by_test_id("inbox-list").evaluate(
        "(list, part) => { list.scrollTop = part * list.scrollHeight; }", part
    )


def test_every_row_can_be_scrolled_to(inbox: Inbox) -> None:
    """Down to the oldest, with some dozens on the page at any time, in order, each once; and up again to any."""
    expect(inbox.page.get_by_test_id("head-words")).to_have_text("10,000 notifications")
    expect(inbox.page.get_by_test_id("inbox-status")).to_have_text("Older ones come as you scroll.")

    def at_the_end() -> bool:
        scroll_to(inbox, 1)
        assert inbox.page.get_by_test_id("inbox-item").count() < ROWS
        return 0 in numbers(inbox)

    wait_for(at_the_end, 120, "the oldest row")
    expect(inbox.page.get_by_test_id("inbox-status")).to_have_text("That is all.")
    for part in (0.9, 0.5, 0.25, 0.0):
        scroll_to(inbox, part)
        expect(inbox.page.get_by_test_id("inbox-status")).to_have_text("Older ones come as you scroll.")
        middle = round((1 - part) * (COUNT - 1))
        wait_for(lambda middle=middle: any(abs(number - middle) < 30 for number in numbers(inbox)))
        shown = numbers(inbox)
        assert shown == list(range(shown[0], shown[0] - len(shown), -1))
        assert len(shown) < ROWS


def test_the_keyboard_goes_as_far(inbox: Inbox) -> None:
    """End leads to the last that is loaded and lets more come; a row says its place among all of them."""
    inbox.page.keyboard.press("j")
    first = inbox.row("Row 9999")
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-setsize", "10000")

    def further() -> bool:
        inbox.page.keyboard.press("End")
        return numbers(inbox)[-1] < 9_000

    wait_for(further, 60)
    assert inbox.page.get_by_test_id("inbox-item").count() < ROWS


def test_a_search_finds_what_is_not_loaded(inbox: Inbox) -> None:
    """The oldest is found from the top, and the filter says how many it has."""
    inbox.page.get_by_test_id("search").fill("Row 7777")
    inbox.expect_titles("Row 7777")
    expect(inbox.page.get_by_test_id("head-words")).to_have_text("1 notification")
    inbox.page.get_by_test_id("search").fill("")
    inbox.page.get_by_test_id("level-error").click()
    wait_for(lambda: inbox.titles[:2] == ["Row 9900", "Row 9800"], 30)
    expect(inbox.page.get_by_test_id("head-words")).to_have_text("100 notifications")
