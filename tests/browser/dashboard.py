"""The dashboard as a person uses it: what the browser tests say instead of selectors."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.servers import Server


class Dashboard:
    """The dashboard in one tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))

    def open(self) -> "Dashboard":
        """Open the page and wait until it is connected."""
        self.page.goto(self.url)
        self.expect_state("Connected")
        return self

    def expect_state(self, words: str) -> None:
        """Wait until the connection card says *words*."""
        expect(self.page.get_by_test_id("connection-state")).to_have_text(words, timeout=30_000)

    def note(self, title: str) -> Locator:
        """Return the notification of that title in the latest activity."""
        row = self.page.get_by_test_id("activity").get_by_test_id("notification")
        whole = re.compile(rf"^{re.escape(title)}( \(unread\))?$")  # The words for those who do not see the dot.
        return row.filter(has=self.page.get_by_test_id("notification-title").filter(has_text=whole))

    def expect_note(self, title: str, times: int = 1) -> None:
        """Wait until the notification of that title is shown exactly so many times."""
        expect(self.note(title)).to_have_count(times)

    def expect_unread(self, count: int) -> None:
        """Wait until the bell counts that many."""
        expect(self.page.get_by_test_id("bell-count")).to_have_text(str(count) if count else "")

    def open_panel(self) -> Locator:
        """Open the panel and return it."""
        self.page.get_by_test_id("bell").click()
        panel = self.page.get_by_test_id("panel")
        expect(panel).to_be_visible()
        return panel


def post(server: Server, title: str, **fields: object) -> str:
    """Create a notification with REST, as the README's curl line does; return its id."""
    with server.client() as client:
        answer = client.post("/api/v1/notifications", json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
