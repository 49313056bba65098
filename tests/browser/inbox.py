"""The inbox page as a person uses it, in one tab of their browser."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.servers import Server
from tests.support.waiting import wait_for


def fill(server: Server, count: int) -> None:
    """Create many notifications; `Row 0` is the oldest."""
    step = 1_000
    for start in range(0, count, step):
        server.python(
            "from notifications import actions;"
            "actions.create_many([{'title': f'Row {n}', 'level': 'error' if n % 100 == 0 else 'info'}"
            f" for n in range({start}, {min(start + step, count)})])"
        )


class Inbox:
    """The inbox page in one tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, query: str = "") -> "Inbox":
        """Open the page and wait until it is connected."""
        self.page.goto(f"{self.url}/notifications{query}")
        expect(self.page.get_by_test_id("bell")).to_have_attribute("data-state", "connected", timeout=30_000)
        return self

    @property
    def titles(self) -> list[str]:
        """The titles that are listed, from top to bottom, without the words for those who see no icons."""
        found = self.page.get_by_test_id("item-title").all_inner_texts()
        return [re.sub(r"^(Unread\. )?\w+:\s*", "", text).strip() for text in found]

    def expect_titles(self, *titles: str) -> None:
        """Wait until exactly these are listed, in this order."""
        wait_for(lambda: self.titles == list(titles), 20, f"{titles}; there is {self.titles}")

    def row(self, title: str) -> Locator:
        """Return the row of that title."""
        named = self.page.get_by_test_id("item-title").filter(has_text=re.compile(rf": ?{re.escape(title)}$"))
        return self.page.get_by_test_id("inbox-item").filter(has=named)

    def press(self, title: str, action: str) -> None:
        """Press a button of a row, which is there when one points at it."""
        self.row(title).hover()
        self.row(title).get_by_test_id(f"item-{action}").click()

    def choose(self, tab: str) -> None:
        """Go to another tab of the inbox."""
        self.page.get_by_test_id(f"tab-{tab}").click()
        expect(self.page.get_by_test_id(f"tab-{tab}")).to_have_attribute("aria-current", "page")

    def expect_count(self, tab: str, count: int) -> None:
        """Wait until a tab counts that many."""
        expect(self.page.get_by_test_id(f"tab-count-{tab}")).to_have_text(f"{count:,}" if count else "")

    def select(self, *titles: str) -> None:
        """Tick the rows of those titles."""
        for title in titles:
            self.row(title).get_by_test_id("item-check").check()

    def undo(self, words: str) -> None:
        """Press Undo on the toast that says *words*."""
        toast = self.page.get_by_test_id("toast").filter(has_text=words)
        toast.get_by_test_id("toast-action").get_by_text("Undo").click()

    def focused(self) -> str:
        """Return the title of the row that has the focus."""
        script = "document.activeElement?.closest('[data-testid=inbox-item]')?.querySelector('button span')?.innerText"
        return re.sub(r"^(Unread\. )?\w+:\s*", "", str(self.page.evaluate(script) or "")).strip()
