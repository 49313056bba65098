"""Lists of any length: what is on the page, where it stays, and what keys and screen readers find."""

from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.servers import Server
from tests.support.waiting import wait_for

MAKE = """
async ([count, more]) => {
    const { VirtualList } = await import("/static/dashboard/virtual-list.js");
    const scroller = document.createElement("div");
    scroller.className = "tested";
    scroller.style.height = "400px";
    for (const [name, value] of Object.entries(more.scroller ?? {})) scroller.setAttribute(name, value);
    document.querySelector("main").replaceChildren(scroller);
    window.opened = [];
    window.followed = [];
    const make = () => {
        const element = document.createElement("div");
        element.className = "tested-row";
        return { element, fill: (item) => { element.textContent = item; element.dataset.item = item; } };
    };
    window.items = Array.from({ length: count }, (_, index) => `row ${index}`);
    window.list = new VirtualList(scroller, {
        make,
        keyOf: (item) => item,
        role: more.role ?? "list",
        label: "Rows",
        ...(more.open ? { open: (item) => window.opened.push(item) } : {}),
        ...(more.follow ? { followed: (following) => window.followed.push(following) } : {}),
    });
    window.list.show(window.items);
}
"""
VISIBLE = """
() => {
    const box = document.querySelector(".tested").getBoundingClientRect();
    return [...document.querySelectorAll(".tested-row")].map((row) => [row.dataset.item, row.getBoundingClientRect()])
        .filter(([, { top, bottom }]) => bottom > box.top + 1 && top < box.bottom - 1)
        .map(([item, { top }]) => [item, Math.round(top - box.top)]);
}
"""


class Listed:
    """A list on a page of its own; `seen()` are the rows in sight, with their distance from the upper edge."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        page.goto(f"{server.url}/jobs")
        page.get_by_test_id("page-title").wait_for()

    def make(self, count: int, **more: Any) -> "Listed":
        """Show *count* rows."""
        self.page.evaluate(MAKE, [count, more])
        wait_for(lambda: self.seen() != [] or count == 0)
        return self

    def seen(self) -> list[tuple[str, int]]:
        """Return what can be seen, from top to bottom."""
        return [(item, top) for item, top in self.page.evaluate(VISIBLE)]

    def scroll(self, top: float) -> None:
        """Scroll to *top*, as the scroll bar does."""
        self.page.evaluate("(top) => { document.querySelector('.tested').scrollTop = top; }", top)

    def show(self, change: str) -> None:
        """Change `items` by a statement, and show them."""
        self.page.evaluate(f"() => {{ {change}; window.list.show(window.items); }}")

    def wait_for_first(self, item: str) -> None:
        """Wait until *item* is the first that can be seen."""
        wait_for(lambda: [name for name, _ in self.seen()[:1]] == [item])

    @property
    def focused(self) -> str:
        """The item of the row that has the focus."""
        return str(self.page.evaluate("document.activeElement.dataset.item ?? ''"))


@pytest.fixture
def listed(page: Page, module_server: Server) -> Listed:
    """A page with room for a list."""
    return Listed(page, module_server)


def test_a_hundred_thousand_rows_cost_as_much_as_a_screen(listed: Listed) -> None:
    """Wherever one scrolls, the right rows are there in their order, and never more than a few dozen elements."""
    listed.make(100_000)
    for top, first in ((0, "row 0"), (44 * 50_000, "row 50000"), (44 * 100_000, "row 99990"), (44 * 7, "row 7")):
        listed.scroll(top)
        listed.wait_for_first(first)
        items = [item for item, _ in listed.seen()]
        assert [int(item.split()[1]) for item in items] == list(range(int(first[4:]), int(first[4:]) + len(items)))
        assert listed.page.locator(".tested-row").count() < 50
        order = listed.page.locator(".tested-row").evaluate_all("rows => rows.map((row) => +row.dataset.item.slice(4))")
        assert order == sorted(order)


def test_scrolling_and_updating_take_a_frame(listed: Listed) -> None:
    """A jump through 100,000 rows and an update above the reader each take milliseconds, not tenths of a second."""
    listed.make(100_000)
    times = listed.page.evaluate(
        """async () => {
            const scroller = document.querySelector(".tested");
            const times = [];
            const timed = (work) => {
                const start = performance.now();
                work();
                times.push(performance.now() - start);
            };
            for (let jump = 1; jump <= 20; jump += 1) {
                scroller.scrollTop = jump * 200_000;
                timed(() => window.list.refresh());
                window.items.unshift(`new ${jump}`);
                timed(() => window.list.show(window.items));
                await new Promise(requestAnimationFrame);
            }
            return times.sort((a, b) => a - b);
        }"""
    )
    assert times[len(times) // 2] < 16, times


def test_what_is_read_stays_where_it_is(listed: Listed) -> None:
    """Rows that come or go above, one that is read included, move nothing; at the very top new ones are shown."""
    listed.make(1_000)
    listed.scroll(44 * 500 + 10)
    listed.wait_for_first("row 500")
    before = listed.seen()
    listed.show("window.items = ['new 1', 'new 2', ...window.items]")
    assert listed.seen() == before
    listed.show("window.items = window.items.filter((item) => !/^row [0-9]$/.test(item))")
    assert listed.seen() == before
    listed.show("window.items = window.items.filter((item) => item !== 'row 500')")
    assert [row for row in listed.seen() if row[0] == "row 501"] == [row for row in before if row[0] == "row 501"]
    listed.scroll(0)
    listed.wait_for_first("new 1")
    listed.show("window.items = ['new 3', ...window.items]")
    assert listed.seen()[0] == ("new 3", 0)


def test_the_end_is_followed_until_somebody_scrolls_away(listed: Listed) -> None:
    """Lines that come keep the end in sight; scrolling up ends that, scrolling to the end begins it again."""
    listed.make(1_000, follow=True, role="none")
    listed.page.evaluate("window.list.follow(true)")
    listed.wait_for_first("row 990")
    listed.show("window.items.push('line 1', 'line 2')")
    assert listed.seen()[-1][0] == "line 2"
    listed.page.locator(".tested").hover()
    listed.page.mouse.wheel(0, -2_000)
    wait_for(lambda: listed.page.evaluate("window.followed") == [False])
    reading = listed.seen()
    listed.show("window.items.push('line 3')")
    wait_for(lambda: listed.seen()[0][0] == reading[0][0] or listed.seen() != reading)
    assert listed.seen()[-1][0] != "line 3"
    listed.scroll(10_000_000)
    wait_for(lambda: listed.page.evaluate("window.followed") == [False, True])
    listed.show("window.items.push('line 4')")
    assert listed.seen()[-1][0] == "line 4"


def test_keys_go_from_row_to_row(listed: Listed) -> None:
    """Tab leads into the list once; arrows, Page Up and Down, Home and End move in it, and Enter opens."""
    listed.make(10_000, open=True)
    keyboard = listed.page.keyboard
    listed.page.get_by_test_id("menu-button").focus()
    keyboard.press("Tab")
    assert listed.focused == "row 0"
    for key, row in (
        ("ArrowDown", "row 1"),
        ("PageDown", "row 9"),
        ("End", "row 9999"),
        ("ArrowDown", "row 9999"),
        ("ArrowUp", "row 9998"),
        ("Home", "row 0"),
    ):
        keyboard.press(key)
        assert listed.focused == row, key
        assert row in [item for item, _ in listed.seen()]
    keyboard.press("Enter")
    assert listed.page.evaluate("window.opened") == ["row 0"]
    expect(listed.page.locator(".tested-row[tabindex='0']")).to_have_count(1)


def test_the_focus_is_never_lost(listed: Listed) -> None:
    """It stays on its row while that is scrolled away or others come and go; where the row itself goes, on the next."""
    listed.make(10_000, open=True)
    listed.page.locator("[data-item='row 3']").focus()
    listed.scroll(44 * 5_000)
    listed.wait_for_first("row 5000")
    assert listed.focused == "row 3"
    listed.show("window.items = ['new 1', ...window.items.toReversed()]")
    assert listed.focused == "row 3"
    listed.show("window.items = window.items.filter((item) => item !== 'row 3')")
    assert listed.focused == "row 2"
    listed.page.keyboard.press("ArrowUp")
    assert listed.focused == "row 4"


@pytest.mark.parametrize("role", ["list", "feed", "grid", "tree"])
def test_a_screen_reader_is_told_where_a_row_stands(listed: Listed, role: str) -> None:
    """Rows say their place among all there are, also those that are not on the page; a tree's say it themselves."""
    listed.make(5_000, role=role, scroller={"role": "grid", "aria-label": "Rows"} if role == "grid" else {})
    listed.scroll(44 * 1_000)
    listed.wait_for_first("row 1000")
    row = listed.page.locator("[data-item='row 1000']")
    if role == "grid":
        expect(listed.page.get_by_role("grid", name="Rows")).to_have_attribute("aria-rowcount", "5000")
        expect(row).to_have_attribute("aria-rowindex", "1001")
        expect(row).to_have_role("row")
    elif role == "tree":
        expect(listed.page.get_by_role("tree", name="Rows")).to_have_count(1)
        expect(row).to_have_role("treeitem")
    else:
        expect(listed.page.get_by_role(role, name="Rows")).to_have_count(1)  # type: ignore[arg-type]
        expect(row).to_have_attribute("aria-posinset", "1001")
        expect(row).to_have_attribute("aria-setsize", "5000")


def test_rows_change_their_height_under_the_reader(listed: Listed) -> None:
    """A breakpoint, or a larger type, changes how high rows are, and the same ones stay in sight."""
    listed.make(1_000)
    listed.scroll(44 * 500)
    listed.wait_for_first("row 500")
    listed.page.evaluate("document.querySelector('.tested').style.setProperty('--row-height', '5rem')")
    wait_for(lambda: listed.seen()[1][1] - listed.seen()[0][1] == 80)
    assert listed.seen()[0] == ("row 500", 0)
    listed.page.evaluate("document.documentElement.style.fontSize = '200%'")
    wait_for(lambda: listed.seen()[1][1] - listed.seen()[0][1] == 160)
    assert listed.seen()[0] == ("row 500", 0)


@pytest.mark.parametrize("width", [390, 320])
def test_it_fits_a_phone(listed: Listed, width: int) -> None:
    """A narrow page with a list does not scroll sideways."""
    listed.page.set_viewport_size(ViewportSize(width=width, height=780))
    listed.make(1_000)
    assert listed.page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_empty_list_has_no_rows(listed: Listed) -> None:
    """None, then one, then none again: nothing stays behind."""
    listed.make(0)
    listed.show("window.items = ['one']")
    assert listed.seen() == [("one", 0)]
    listed.show("window.items = []")
    expect(listed.page.locator(".tested-row")).to_have_count(0)
