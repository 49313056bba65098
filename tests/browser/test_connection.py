"""What a person sees of the connection: the bell's four states, the countdown, Retry, and polling in its place."""

import re
import signal

from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.browser.dashboard import Dashboard, post
from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for

RECORD_STATES = """
    window.states = [];
    wsClient.onConnectionStatus((status) => window.states.push(status));
    void 0;  // Playwright would call the function that it returns, which undoes it.
"""


def test_the_bell_is_green_when_connected(dashboard: Dashboard) -> None:
    """Connected is a state of the bell, and also said in words."""
    bell = dashboard.page.get_by_test_id("bell")
    expect(bell).to_have_attribute("data-state", "connected")
    expect(dashboard.page.get_by_test_id("bell-words")).to_contain_text("Connected")


def test_a_restart_costs_nothing(dashboard: Dashboard, server: Server) -> None:
    """While the server is killed the bell is red and counts down; afterwards what was missed is there, once."""
    post(server, "Before")
    dashboard.expect_note("Before")
    server.stop(signal.SIGKILL)
    expect(dashboard.page.get_by_test_id("bell")).to_have_attribute("data-state", "reconnecting")
    expect(dashboard.page.get_by_test_id("retry")).to_be_visible()
    server.manage("notify", "Meanwhile", "nobody was listening")
    server.start()
    dashboard.page.get_by_test_id("retry").or_(dashboard.page.get_by_test_id("connection-state")).first.click()
    dashboard.expect_state("Connected")
    dashboard.expect_note("Meanwhile")
    dashboard.expect_note("Before")
    dashboard.expect_unread(2)


def test_a_planned_refresh_shows_nothing(page: Page, start_server: StartServer) -> None:
    """The client replaces its connection in time, and no status tells of it; nothing is missed or seen twice."""
    server = start_server(**LOCAL, WEBSOCKET_REFRESH_TIME="2")
    dashboard = Dashboard(page, server.url).open()
    page.evaluate(RECORD_STATES)
    before = page.evaluate("wsClient.getClientId()")
    for number in range(3):
        page.wait_for_function("(before) => wsClient.getClientId() !== before", arg=before)
        before = page.evaluate("wsClient.getClientId()")
        post(server, f"After refresh {number}")
        dashboard.expect_note(f"After refresh {number}")
    assert page.evaluate("window.states") == ["connected"]
    dashboard.expect_unread(3)


def test_it_gives_up_gray_polls_and_comes_back_on_retry(context: BrowserContext, server: Server) -> None:
    """Where no connection of any kind gets through, it says so, asks REST instead, and Retry brings it back."""
    page = context.new_page()
    blocked = True

    def gate(route: WebSocketRoute) -> None:
        if blocked:
            route.close(code=1011, reason="blocked")
        else:
            route.connect_to_server()

    page.route_web_socket(re.compile("/ws"), gate)
    page.route(re.compile("/api/v1/(stream|changes)"), lambda route: route.abort() if blocked else route.continue_())
    page.clock.install()
    dashboard = Dashboard(page, server.url)
    page.goto(server.url)
    post(server, "Over REST")
    for _ in range(60):
        page.clock.run_for(10_000)
        if page.get_by_test_id("bell").get_attribute("data-state") == "failed":
            break
    expect(page.get_by_test_id("bell")).to_have_attribute("data-state", "failed")
    expect(page.get_by_test_id("bell-words")).not_to_contain_text("Connected.")
    for title in ("Over REST", "Later"):
        if title == "Later":
            post(server, title)
        # The clock goes on while answers take the time that they take, and a poll is planned after the last one's.
        wait_for(lambda title=title: page.clock.run_for(2_000) or dashboard.note(title).count() == 1, 20)
    blocked = False
    page.get_by_test_id("retry").click()
    page.clock.run_for(100)
    dashboard.expect_state("Connected")


def test_the_failed_first_load_offers_to_try_again(page: Page, server: Server) -> None:
    """Where neither a connection nor REST answers, the list says so and offers another try, which works."""
    failing = True
    page.route_web_socket(
        re.compile("/ws"), lambda route: route.close(code=1011) if failing else route.connect_to_server()
    )
    page.route("**/api/v1/*", lambda route: route.abort() if failing else route.continue_())
    page.goto(server.url)
    state = page.get_by_test_id("activity-state")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(state.get_by_test_id("state-action")).to_be_visible(timeout=60_000)
    failing = False
    post(server, "There after all")
    state.get_by_test_id("state-action").click()
    Dashboard(page, server.url).expect_note("There after all")
