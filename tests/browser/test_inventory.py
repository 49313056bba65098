"""The inventory page: a tree that is live, found and filtered through, large, and reached with the keyboard."""

import re

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.place import SMALL, Inventory, change, delete, report, report_all
from tests.browser.proxy import POLL, STREAM, WEBSOCKET, proxied
from tests.browser.test_content_security import complaints  # noqa: F401  (a fixture)
from tests.support.servers import Server

EVERYTHING = (
    "cluster:edge", "host:edge-01", "vm:id-cam-01",
    "cluster:production", "host:hyperv-01", "vm:id-web-01", "vm:id-web-02", "host:hyperv-02", "vm:id-db-01",
)  # fmt: skip
LARGE = 10_000


@pytest.fixture
def inventory(page: Page, server: Server) -> Inventory:
    """The page with the small place on it."""
    report_all(server)
    opened = Inventory(page, server.url).open()
    opened.expect_rows(*EVERYTHING)
    return opened


def test_the_tree_shows_what_is_there(inventory: Inventory, complaints: list[str]) -> None:  # noqa: F811
    """Clusters, hosts and VMs with their states and counts, and nothing that the browser complains about."""
    inventory.expect_state("vm:id-web-01", "Running")
    inventory.expect_state("vm:id-cam-01", "Paused")
    inventory.expect_state("host:hyperv-01", "Connected")
    expect(inventory.row("cluster:production")).to_contain_text("2 of 2 hosts connected")
    expect(inventory.row("cluster:production")).to_contain_text("2 of 3 VMs running")
    expect(inventory.page.get_by_test_id("tile-vms")).to_contain_text("2 / 4")
    expect(inventory.page.get_by_test_id("tile-problems")).to_contain_text("1")
    expect(inventory.page.get_by_test_id("lost")).to_be_hidden()
    expect(inventory.page.get_by_role("treegrid", name="Inventory")).to_have_attribute("aria-rowcount", "10")
    expect(inventory.row("vm:id-web-02")).to_have_attribute("aria-level", "3")
    expect(inventory.row("vm:id-web-02")).to_have_attribute("aria-posinset", "2")
    assert complaints == []


def test_a_report_moves_the_tree(inventory: Inventory, server: Server) -> None:
    """A state that a report changes changes in place and lights up; what is new, gone or moved is where it belongs."""
    cluster, vms = SMALL["hyperv-01"]
    done = report(server, "hyperv-01", {**vms, "web-02": {"state": "Running"}}, cluster)
    assert (done["updated"], done["unchanged"]) == (1, 1)
    inventory.expect_state("vm:id-web-02", "Running")
    expect(inventory.page.get_by_test_id("tile-vms")).to_contain_text("3 / 4")
    report(server, "hyperv-01", {"web-01": vms["web-01"], "app-01": {"state": "Creating"}}, cluster)
    inventory.expect_rows(*EVERYTHING[:5], "vm:id-app-01", "vm:id-web-01", *EVERYTHING[7:])
    report(server, "hyperv-02", {"db-01": {}, "web-01": vms["web-01"]}, cluster)
    inventory.expect_rows(*EVERYTHING[:5], "vm:id-app-01", *EVERYTHING[7:], "vm:id-web-01")
    delete(server, "hosts/hyperv-01")
    inventory.expect_rows(*EVERYTHING[:4], *EVERYTHING[7:], "vm:id-web-01")


def test_what_changes_lights_up_once(inventory: Inventory, server: Server) -> None:
    """The row whose state changed is marked for a moment and no other is; who wants no motion sees none."""
    page = inventory.page
    page.evaluate(
        """() => {
            window.lit = [];
            document.addEventListener("animationstart", ({ target, animationName }) =>
                animationName.startsWith("light-up") && window.lit.push(target.dataset.id));
        }"""
    )
    change(server, "vms/id-web-02", state="Running")
    page.wait_for_function("() => window.lit.length > 0")
    assert page.evaluate("window.lit") == ["vm:id-web-02"]
    page.emulate_media(reduced_motion="reduce")
    change(server, "vms/id-web-02", state="Off")
    inventory.expect_state("vm:id-web-02", "Off")
    assert page.evaluate("window.lit.length") == 1


def test_a_lost_host_is_seen_and_heard(inventory: Inventory, server: Server) -> None:
    """It stands on top with its reason, its row and its cluster say so, a screen reader is told; until it is back."""
    page = inventory.page
    change(server, "hosts/hyperv-02", connected=False, error="No route to host.")
    expect(page.get_by_test_id("lost")).to_contain_text("1 host is disconnected")
    lost = page.get_by_test_id("lost-host")
    expect(lost).to_contain_text("hyperv-02")
    expect(lost).to_have_attribute("title", "No route to host.")
    expect(page.get_by_test_id("announcer")).to_have_text("hyperv-02 is disconnected. 1 host is disconnected.")
    inventory.expect_state("host:hyperv-02", "Disconnected")
    expect(inventory.row("host:hyperv-02")).to_have_attribute("data-trouble", "true")
    expect(inventory.row("cluster:production")).to_contain_text("1 of 2 hosts connected")
    page.get_by_test_id("all-lost").click()
    expect(page).to_have_url(re.compile(r"\?hosts=disconnected$"))
    inventory.expect_rows("cluster:production", "host:hyperv-02", "vm:id-db-01")
    change(server, "hosts/hyperv-02", connected=True, error=None)
    expect(page.get_by_test_id("lost")).to_be_hidden()
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing matches")


def test_search_and_filters_are_in_the_address(inventory: Inventory) -> None:
    """What is looked for is in the address, so that it can be sent; Back undoes a filter, and all can be taken back."""
    page = inventory.page
    page.keyboard.press("/")
    page.keyboard.type("debian")
    inventory.expect_rows("cluster:production", "host:hyperv-01", "vm:id-web-01")
    expect(page).to_have_url(re.compile(r"\?q=debian$"))
    expect(page.get_by_test_id("found")).to_have_text("1 of 4 VMs, 1 of 3 hosts")
    page.keyboard.press("Escape")
    inventory.expect_rows(*EVERYTHING)
    page.get_by_test_id("filter-Off").click()
    inventory.expect_rows("cluster:production", "host:hyperv-01", "vm:id-web-02")
    page.get_by_test_id("filter-Paused").click()
    inventory.expect_rows(*EVERYTHING[:3], "cluster:production", "host:hyperv-01", "vm:id-web-02")
    page.get_by_test_id("filter-cluster").select_option("edge")
    inventory.expect_rows(*EVERYTHING[:3])
    page.go_back()
    expect(page.get_by_test_id("filter-cluster")).to_have_value("")
    inventory.expect_rows(*EVERYTHING[:3], "cluster:production", "host:hyperv-01", "vm:id-web-02")
    inventory.open("?q=no+such+thing")
    page.get_by_test_id("state-action").click()
    inventory.expect_rows(*EVERYTHING)
    expect(page).to_have_url(f"{inventory.url}/inventory")


def test_a_deep_link_shows_what_it_says(page: Page, server: Server) -> None:
    """An address with filters opens with them."""
    report_all(server)
    opened = Inventory(page, server.url).open("?q=web&state=Running&cluster=production&hosts=connected")
    opened.expect_rows("cluster:production", "host:hyperv-01", "vm:id-web-01")
    expect(page.get_by_test_id("search")).to_have_value("web")
    expect(page.get_by_test_id("filter-Running")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("filter-cluster")).to_have_value("production")


def test_a_filter_holds_while_things_change(inventory: Inventory, server: Server) -> None:
    """What comes to match appears in a filtered tree, and what no longer does leaves it."""
    inventory.page.get_by_test_id("filter-Off").click()
    inventory.expect_rows("cluster:production", "host:hyperv-01", "vm:id-web-02")
    change(server, "vms/id-db-01", state="Off")
    inventory.expect_rows("cluster:production", "host:hyperv-01", "vm:id-web-02", "host:hyperv-02", "vm:id-db-01")
    change(server, "vms/id-web-02", state="Running")
    inventory.expect_rows("cluster:production", "host:hyperv-02", "vm:id-db-01")


def test_keys_walk_the_tree(inventory: Inventory) -> None:
    """Arrows go, open and close, letters find, Home and End lead to the ends, and Enter opens a page."""
    page = inventory.page
    inventory.row("cluster:edge").focus()
    for key, focused in (
        ("ArrowDown", "host:edge-01"), ("ArrowRight", "vm:id-cam-01"), ("ArrowLeft", "host:edge-01"),
        ("ArrowLeft", "host:edge-01"), ("ArrowDown", "cluster:production"), ("End", "vm:id-db-01"),
        ("Home", "cluster:edge"), ("w", "vm:id-web-01"), ("w", "vm:id-web-02"),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert inventory.focused == focused, key
    expect(inventory.row("host:edge-01")).to_have_attribute("aria-expanded", "false")
    inventory.expect_rows("cluster:edge", "host:edge-01", *EVERYTHING[3:])
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{inventory.url}/inventory/vms/id-web-02")


def test_the_focus_stays_while_things_change(inventory: Inventory, server: Server) -> None:
    """Rows that come and go above the one with the focus, and its own change, leave the focus where it is."""
    inventory.row("vm:id-db-01").focus()
    report(server, "edge-01", {"aaa": {}, "bbb": {}}, "edge")
    expect(inventory.row("vm:id-bbb")).to_have_count(1)
    change(server, "vms/id-db-01", state="Saved")
    inventory.expect_state("vm:id-db-01", "Saved")
    assert inventory.focused == "vm:id-db-01"


def test_what_is_open_is_kept(inventory: Inventory) -> None:
    """What was opened and closed is so after a reload; all can be closed and opened at once."""
    page = inventory.page
    inventory.row("host:hyperv-01").get_by_test_id("twist").click()
    inventory.expect_rows(*EVERYTHING[:5], *EVERYTHING[7:])
    inventory.open()
    inventory.expect_rows(*EVERYTHING[:5], *EVERYTHING[7:])
    page.get_by_test_id("collapse-all").click()
    inventory.expect_rows("cluster:edge", "cluster:production")
    page.get_by_test_id("expand-all").click()
    inventory.expect_rows(*EVERYTHING)


def test_what_changed_meanwhile_is_marked(inventory: Inventory, server: Server) -> None:
    """Who comes back sees which hosts and VMs are new or have changed, and may see those alone."""
    page = inventory.page
    expect(page.get_by_test_id("changed-mark")).to_have_count(0)
    page.goto(f"{inventory.url}/jobs")
    change(server, "vms/id-web-02", state="Running")
    report(server, "hyperv-02", {"db-01": SMALL["hyperv-02"][1]["db-01"], "new-01": {}})
    inventory.open()
    expect(inventory.row("vm:id-web-02").get_by_test_id("changed-mark")).to_have_text("Changed")
    expect(inventory.row("vm:id-new-01").get_by_test_id("changed-mark")).to_have_text("New")
    expect(page.get_by_test_id("changed-mark")).to_have_count(2)
    page.get_by_test_id("tile-changed").click()
    inventory.expect_rows("cluster:production", "host:hyperv-01", "vm:id-web-02", "host:hyperv-02", "vm:id-new-01")


def test_nothing_and_no_server_are_said(page: Page, server: Server) -> None:
    """An empty inventory says so, and fills by itself; one that cannot be loaded offers to try again."""
    empty = Inventory(page, server.url).open()
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing here yet")
    report_all(server)
    empty.expect_rows(*EVERYTHING)
    with proxied(server, blocked=(WEBSOCKET, STREAM, POLL, "/api/v1/inventory")) as proxy:
        page.goto(f"{proxy.url}/inventory")
        expect(page.get_by_test_id("page-state")).to_contain_text("Nothing could be loaded", timeout=30_000)
        proxy.blocked.discard("/api/v1/inventory")
        page.get_by_test_id("state-action").click()
        empty.expect_rows(*EVERYTHING)


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "dark")])
def test_it_fits(browser: Browser, server: Server, width: int, scheme: str) -> None:
    """Nothing scrolls sideways on a phone, and the name and state of a VM are both to be seen."""
    report_all(server)
    page = browser.new_page(viewport=ViewportSize(width=width, height=844), color_scheme=scheme)  # type: ignore[arg-type]
    opened = Inventory(page, server.url).open()
    opened.expect_rows(*EVERYTHING)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = opened.row("vm:id-cam-01").get_by_test_id("state-chip").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
    page.close()


def test_ten_thousand_vms(page: Page, server: Server) -> None:
    """The page stays as small as its window, End reaches the last row, and a change among them is seen at once."""
    hosts = 20
    for number in range(hosts):
        vms = {f"vm-{index:05}": {"state": "Off"} for index in range(number, LARGE, hosts)}
        report(server, f"host-{number:02}", vms, f"cluster-{number % 4}")
    opened = Inventory(page, server.url).open()
    expect(page.get_by_test_id("found")).to_have_text(f"{LARGE} VMs on {hosts} hosts", timeout=30_000)
    page.get_by_test_id("expand-all").click()
    grid = page.get_by_role("treegrid", name="Inventory")
    expect(grid).to_have_attribute("aria-rowcount", f"{LARGE + hosts + 4 + 1}")
    opened.rows.first.focus()
    page.keyboard.press("End")
    assert opened.focused == f"vm:id-vm-{LARGE - 1:05}"
    assert opened.rows.count() < 60
    assert page.evaluate("document.querySelectorAll('*').length") < 2_500
    change(server, f"vms/id-vm-{LARGE - 1:05}", state="Running")
    opened.expect_state(f"vm:id-vm-{LARGE - 1:05}", "Running")
    page.keyboard.press("/")
    page.keyboard.type("vm-00042")
    expect(page.get_by_test_id("found")).to_have_text(f"1 of {LARGE} VMs, 1 of {hosts} hosts")
