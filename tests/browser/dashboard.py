"""The dashboard as a person uses it: what the browser tests say instead of selectors."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.servers import Server
from tests.support.waiting import wait_for

COUNT_ARRIVALS = """
    window.arrivals = [];
    wsClient.on("notification", (message) => {
        if (message.action === "created") window.arrivals.push(message.data.title);
    });
    void 0;  // Playwright would call the function that `on` returns, which undoes it.
"""


class Dashboard:
    """The dashboard in one tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))

    def open(self, words: str = "Connected") -> "Dashboard":
        """Open the page, wait until it is connected as *words* say, and count from there what arrives."""
        self.page.goto(self.url)
        self.expect_state(words)
        self.page.evaluate(COUNT_ARRIVALS)
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

    def expect_arrivals(self, *titles: str) -> None:
        """Wait until *titles* are shown, and make sure that the page's listeners were handed each of them once."""
        for title in titles:
            self.expect_note(title)
        # What was asked for over REST meanwhile may be shown before the connection brings it.
        wait_for(lambda: len(self.arrivals()) >= len(titles), what=f"the arrival of {len(titles)}")
        assert self.arrivals() == list(titles)

    def arrivals(self) -> list[str]:
        """Return the titles that the page's listeners were handed as new."""
        found: list[str] = self.page.evaluate("window.arrivals")
        return found

    def expect_unread(self, count: int) -> None:
        """Wait until the bell counts that many."""
        expect(self.page.get_by_test_id("bell-count")).to_have_text(str(count) if count else "")

    def expect_unread_text(self, words: str) -> None:
        """Wait until the bell says *words*."""
        expect(self.page.get_by_test_id("bell-count")).to_have_text(words, timeout=60_000)

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


def log_in(page: Page, url: str, name: str, password: str) -> Dashboard:
    """Sign in on the page that asks for it, and return the dashboard that follows, connected or not."""
    page.goto(url)
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(password)
    page.get_by_test_id("login-submit").click()
    return Dashboard(page, url)
