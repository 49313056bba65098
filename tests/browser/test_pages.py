"""The pages beside the overview: how one gets there, and that all have what every page has."""

import re

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.dashboard import Dashboard, log_in, post
from tests.browser.proxy import POLL, STREAM, WEBSOCKET, Proxy
from tests.browser.test_content_security import complaints  # noqa: F401  (a fixture)
from tests.conftest import StartServer
from tests.support.servers import Server

DEEP = ["/notifications", "/inventory", "/inventory/hosts/db-01", "/inventory/vms/3f1c", "/jobs", "/jobs/7"]
PASSWORD = "quite-a-secret-1"


def expect_connected(page: Page) -> None:
    """Wait until the bell says that changes come in."""
    expect(page.get_by_test_id("bell")).to_have_attribute("data-state", "connected", timeout=30_000)


@pytest.mark.parametrize("path", DEEP)
def test_every_page_is_alive(page: Page, server: Server, complaints: list[str], path: str) -> None:  # noqa: F811
    """It connects, is no dead end where there is nothing to show, and tells and counts what arrives."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}{path}")
    expect_connected(page)
    expect(page.get_by_test_id("page-title")).to_be_visible()
    expect(page.get_by_test_id("page-state")).to_have_attribute("data-kind", "words")
    post(server, "Told everywhere")
    expect(page.get_by_test_id("toast")).to_contain_text("Told everywhere")
    expect(page.get_by_test_id("bell-count")).to_have_text("1")
    expect(page).to_have_title(re.compile(r"^\(1\) .*Aether$"))
    page.get_by_test_id("bell").click()
    expect(page.get_by_test_id("panel-list").get_by_text("Told everywhere")).to_be_visible()
    assert (errors, complaints) == ([], [])


@pytest.mark.parametrize("width", [1280, 390])
def test_one_goes_from_page_to_page(page: Page, server: Server, width: int) -> None:
    """The navigation is there on a wide and on a narrow screen, and marks the page that one is on."""
    page.set_viewport_size(ViewportSize(width=width, height=780))
    Dashboard(page, server.url).open()
    for name, path in (("jobs", "/jobs"), ("inbox", "/notifications"), ("inventory", "/inventory"), ("dashboard", "/")):
        page.get_by_test_id(f"nav-{name}").click()
        expect(page).to_have_url(f"{server.url}{path}")
        expect(page.get_by_test_id("navigation").locator("[aria-current=page]")).to_have_count(1)
        expect(page.get_by_test_id(f"nav-{name}")).to_have_attribute("aria-current", "page")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.go_back()
    expect(page.get_by_test_id("page-title")).to_have_text("Inventory")


def test_the_keyboard_reaches_everything(page: Page, server: Server) -> None:
    """The first Tab offers to skip to the content, the next ones go through the pages, and Enter opens one."""
    page.goto(f"{server.url}/jobs")
    expect_connected(page)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    for name in ("", "dashboard", "inbox", "inventory"):
        page.keyboard.press("Tab")
        if name:
            expect(page.get_by_test_id(f"nav-{name}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/inventory")


def test_nothing_covers_the_end_of_a_narrow_page(page: Page, server: Server) -> None:
    """The bar at the bottom covers neither the last of the page nor a toast."""
    page.set_viewport_size(ViewportSize(width=390, height=700))
    Dashboard(page, server.url).open()
    for number in range(20):
        post(server, f"Row {number}", level="error")
    bar = page.get_by_test_id("navigation")
    expect(page.get_by_test_id("activity").get_by_test_id("notification")).to_have_count(20)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    top = bar.evaluate("bar => bar.getBoundingClientRect().top")
    last = page.get_by_test_id("activity").get_by_test_id("notification").last
    assert last.evaluate("row => row.getBoundingClientRect().bottom") <= top
    toast = page.get_by_test_id("toast").last
    assert toast.evaluate("toast => toast.getBoundingClientRect().bottom") <= top


def test_a_page_says_that_it_is_stale(behind: Dashboard, proxy: Proxy, server: Server) -> None:
    """Without a connection a line says so, as of when, and offers to try; it goes when the connection is back."""
    proxy.blocked.clear()
    page = behind.page
    page.goto(f"{proxy.url}/jobs")
    expect_connected(page)
    expect(page.get_by_test_id("stale")).to_be_hidden()
    proxy.block(WEBSOCKET, STREAM, POLL)
    expect(page.get_by_test_id("stale-words")).to_contain_text("As of")
    proxy.blocked.clear()
    page.get_by_test_id("stale-retry").click()
    expect_connected(page)
    expect(page.get_by_test_id("stale")).to_be_hidden()


def test_what_came_on_the_way_is_told_once(page: Page, server: Server) -> None:
    """The list is kept from page to page, so what comes while one page goes and the next one loads is told there."""
    dashboard = Dashboard(page, server.url).open()
    post(server, "Before")
    dashboard.expect_note("Before")
    published: list[str] = []

    def publish_first(route: Route) -> None:
        if not published:
            published.append(post(server, "On the way"))
        route.continue_()

    page.route("**/websocket.js", publish_first)
    page.get_by_test_id("nav-jobs").click()
    expect(page.get_by_test_id("toast")).to_have_count(1)
    expect(page.get_by_test_id("toast")).to_contain_text("On the way")
    expect(page.get_by_test_id("bell-count")).to_have_text("2")


def test_a_deep_link_survives_the_login(page: Page, start_server: StartServer) -> None:
    """Who opens one without being signed in is led to it through the login page."""
    server = start_server(AUTH_ENABLED="true")
    server.python(
        f"from django.contrib.auth.models import User; User.objects.create_user('ada', password='{PASSWORD}')"
    )
    log_in(page, f"{server.url}/inventory/vms/3f1c", "ada", PASSWORD)
    expect(page).to_have_url(f"{server.url}/inventory/vms/3f1c")
    expect_connected(page)
