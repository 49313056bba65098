"""What a person does in a browser, timed: opening the dashboard, and the inbox page to its end."""

from collections.abc import Iterator

from playwright.sync_api import Page, expect, sync_playwright

from bench.ten_thousand.place import NAME, PASSWORD, Place, say
from bench.ten_thousand.timing import Timed
from tests.support.browsers import launch_options

PATIENCE = 120_000
OPENINGS = 3
STEPS = 3_000
"""Steps of scrolling at most, so that a page that never ends does."""
FRAMES = """() => {
  const seen = { longest: 0, count: 0, last: performance.now() };
  const frame = (now) => {
    seen.longest = Math.max(seen.longest, now - seen.last);
    seen.count += 1;
    seen.last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.framesSeen = seen;
}"""
SCROLL = """() => {
  const scrolls = (box) =>
    box.scrollHeight > box.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(box).overflowY);
  let box = document.querySelector('[data-testid="inbox-list"], [role="feed"]');
  while (box && box !== document.body && !scrolls(box)) box = box.parentElement;
  const scrolled = box && box !== document.body ? box : document.scrollingElement;
  const before = scrolled.scrollTop;
  scrolled.scrollTop = before + scrolled.clientHeight * 2;
  const nodes = document.querySelectorAll("*").length;
  return { moved: scrolled.scrollTop - before, height: scrolled.scrollHeight, nodes };
}"""


def run(place: Place) -> list[Timed]:
    """Open the pages that the server has, and scroll."""
    say("Opening a browser …")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        _log_in(page, place.server.url)
        found = list(_steps(page, place))
        browser.close()
    return found


def _steps(page: Page, place: Place) -> Iterator[Timed]:
    dashboard = Timed("Browser", "The dashboard, until it is connected and shows the list")
    for _ in range(OPENINGS):
        dashboard.take(lambda: _open_dashboard(page, place.server.url))
    yield dashboard
    if place.client.get("/notifications").status_code != 200:
        return
    inbox = Timed("Browser", "The inbox page, until it shows its first rows")
    for _ in range(OPENINGS):
        inbox.take(lambda: _open_inbox(page, place.server.url))
    yield inbox
    yield _scroll(page)


def _open_dashboard(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_test_id("connection-state")).to_have_text("Connected", timeout=PATIENCE)


def _open_inbox(page: Page, url: str) -> None:
    page.goto(f"{url}/notifications")
    page.get_by_role("article").first.wait_for()


def _scroll(page: Page) -> Timed:
    """Scroll two screens at a time until nothing more comes, and note the longest frame."""
    step, still = Timed("Browser", "The inbox page, scrolled to its end"), 0
    page.evaluate(FRAMES)
    went: dict[str, float] = {"nodes": 0, "height": 0}

    def scroll() -> None:
        nonlocal still, went
        for _ in range(STEPS):
            went = page.evaluate(SCROLL)
            still = still + 1 if went["moved"] <= 0 else 0
            if still > 20:
                return
            page.wait_for_timeout(0 if went["moved"] > 0 else 100)

    step.take(scroll)
    frames = page.evaluate("framesSeen")
    step.note = (
        f"longest frame {frames['longest']:.0f} ms of {frames['count']:,}; "
        f"{went['nodes']:,.0f} elements for {went['height']:,.0f} px at the end"
    )
    return step


def _log_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_test_id("connection-state").wait_for()
