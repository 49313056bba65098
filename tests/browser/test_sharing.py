"""The tabs of one browser share one connection: what the server sees of it, and what each tab gets."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.dashboard import Dashboard, log_in, post
from tests.browser.proxy import STREAM_WORDS, Proxy
from tests.conftest import StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(300)
"""Tabs come together more than once in a test."""
PASSWORD = "quite-a-secret-1"
PEOPLE = f"""
from django.contrib.auth.models import User
for name in ("ada", "bob"):
    User.objects.create_superuser(name, password={PASSWORD!r})
"""
KEEP_SOCKETS = """
    window.sockets = [];
    const Real = window.WebSocket;
    window.WebSocket = class extends Real { constructor(...all) { super(...all); window.sockets.push(this); } };
"""
OPEN = "window.sockets.filter((socket) => socket.readyState === 1).length"
DEADLINE = 60.0
"""Seconds: tabs come together after a few, but machines have pauses."""


def connections(server: Server, transport: str = "websocket") -> int:
    """Return how many connections of that kind the server says that it has."""
    with server.client() as client:
        return counted(client, transport)


def counted(client: httpx.Client, transport: str = "websocket") -> int:
    """Return the same, as *client* is told."""
    lines = client.get("/metrics").raise_for_status().text.splitlines()
    found = [line for line in lines if line.startswith("aether_connections{") and f'"{transport}"' in line]
    return sum(int(float(line.rpartition(" ")[2])) for line in found)


def expect_connections(server: Server, count: int, transport: str = "websocket") -> None:
    """Wait until the server has exactly so many."""
    wait_for(lambda: connections(server, transport) == count, DEADLINE, f"{count} connections over {transport}")


def open_tabs(context: BrowserContext, server: Server, count: int) -> list[Dashboard]:
    """Open so many tabs, and wait until they share one connection."""
    context.add_init_script(KEEP_SOCKETS)
    tabs = [Dashboard(context.new_page(), server.url).open() for _ in range(count)]
    expect_connections(server, 1)
    return tabs


def leader_of(tabs: list[Dashboard]) -> Dashboard:
    """Return the one tab that has a socket."""
    leaders = [tab for tab in tabs if tab.page.evaluate(OPEN)]
    assert len(leaders) == 1
    return leaders[0]


@contextmanager
def stream_of_posts(server: Server) -> Iterator[list[str]]:
    """Let another thread post one notification after the other; give the titles, which are complete afterwards."""
    titles: list[str] = []
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.05):
            titles.append(f"n{len(titles)}")
            post(server, titles[-1])

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield titles
    finally:
        ended.set()
        thread.join()


def expect_exactly(tab: Dashboard, titles: list[str]) -> None:
    """Wait until the tab's listeners were handed as many, and see that it was each of *titles* once and in order."""
    wait_for(lambda: len(tab.page.evaluate("window.arrivals")) >= len(titles), DEADLINE)
    assert tab.page.evaluate("window.arrivals") == titles


def test_three_tabs_have_one_connection(context: BrowserContext, server: Server) -> None:
    """The server sees one; every tab says that it is connected, and shows what comes."""
    tabs = open_tabs(context, server, 3)
    for title in ("One", "Two"):
        post(server, title)
    for tab in tabs:
        tab.expect_state("Connected")
        tab.expect_arrivals("One", "Two")
        tab.expect_unread(2)
    tabs[0].page.get_by_test_id("bell").click()
    tabs[0].page.get_by_test_id("read-all").click()
    for tab in tabs:
        tab.expect_unread(0)
    assert connections(server) == 1


def test_pages_of_different_topics_share_too(context: BrowserContext, server: Server) -> None:
    """The one connection follows what any of the tabs shows, and each of them is live."""
    context.add_init_script(KEEP_SOCKETS)
    pages = [context.new_page() for _ in range(3)]
    for page, path in zip(pages, ("/", "/jobs", "/inventory"), strict=True):
        page.goto(f"{server.url}{path}")
        expect(page.get_by_test_id("bell")).to_have_attribute("data-state", "connected", timeout=30_000)
    expect_connections(server, 1)
    with server.client() as client:
        client.post("/api/v1/jobs", json={"name": "Shared job"}).raise_for_status()
        vm = {"id": "vm-1", "name": "web-01", "state": "Running"}
        client.post("/api/v1/inventory/sync", json={"hostname": "h-1", "vms": [vm]}).raise_for_status()
    expect(pages[1].get_by_text("Shared job")).to_be_visible()
    expect(pages[2].get_by_text("h-1")).to_be_visible()
    assert connections(server) == 1


def test_nothing_is_lost_or_twice_while_the_leader_goes(context: BrowserContext, server: Server) -> None:
    """The leading tab is closed, and the next one is, while one notification comes after the other."""
    tabs = open_tabs(context, server, 4)
    with stream_of_posts(server) as titles:
        for _ in range(2):
            leader = leader_of(tabs)
            wait_for(lambda: len(titles) % 20 >= 15, DEADLINE)
            tabs.remove(leader)
            leader.page.close()
            expect_connections(server, 1)
    for tab in tabs:
        expect_exactly(tab, titles)
        tab.expect_state("Connected")


def test_a_restart_of_the_server_costs_nothing(context: BrowserContext, server: Server) -> None:
    """All tabs say that the connection is lost, come back with what they missed, and share again."""
    tabs = open_tabs(context, server, 3)
    server.stop()
    for tab in tabs:
        expect(tab.page.get_by_test_id("bell")).to_have_attribute("data-state", "reconnecting")
    server.manage("notify", "Meanwhile", "nobody was listening")
    server.start()
    for tab in tabs:
        tab.expect_state("Connected")
        tab.expect_arrivals("Meanwhile")
    expect_connections(server, 1)
    post(server, "Afterwards")
    for tab in tabs:
        tab.expect_arrivals("Meanwhile", "Afterwards")


def test_a_stream_is_shared_where_websocket_is_blocked(context: BrowserContext, proxy: Proxy, server: Server) -> None:
    """Three tabs behind such a proxy hold one stream, and so do not use up the browser's six connections."""
    tabs = [Dashboard(context.new_page(), proxy.url).open(STREAM_WORDS) for _ in range(3)]
    expect_connections(server, 1, "sse")
    post(server, "Streamed")
    for tab in tabs:
        tab.expect_arrivals("Streamed")
        tab.expect_state(STREAM_WORDS)


@pytest.mark.parametrize(
    "without", ["delete Navigator.prototype.locks", "delete window.BroadcastChannel"], ids=["locks", "channels"]
)
def test_each_tab_has_its_own_where_the_browser_cannot_share(
    context: BrowserContext, server: Server, without: str
) -> None:
    """As over plain http from another machine: nothing fails, each tab is connected by itself."""
    errors: list[str] = []
    context.add_init_script(without)
    tabs = [Dashboard(context.new_page(), server.url) for _ in range(2)]
    for tab in tabs:
        tab.page.on("pageerror", lambda error: errors.append(str(error)))
        tab.open()
    tabs[0].page.wait_for_timeout(5_000)  # Longer than tabs take to come together, which must not happen.
    assert connections(server) == 2
    post(server, "Twice over")
    for tab in tabs:
        tab.expect_arrivals("Twice over")
    assert errors == []


def test_two_people_do_not_share(browser: Browser, start_server: StartServer) -> None:
    """Two profiles of two people have a connection each, and neither sees what is the other's."""
    server = start_server(AUTH_ENABLED="true")
    server.python(PEOPLE)
    people = {name: browser.new_context() for name in ("ada", "bob")}
    shown = {name: log_in(people[name].new_page(), server.url, name, PASSWORD) for name in people}
    others = {name: Dashboard(people[name].new_page(), server.url).open() for name in people}
    with server.log_in("ada", PASSWORD) as client:
        wait_for(lambda: counted(client) == len(people), DEADLINE)
    for name in people:
        server.manage("notify", f"For {name}", "m", "--user", name)
    for name in people:
        for dashboard in (shown[name], others[name]):
            dashboard.expect_note(f"For {name}")
            dashboard.expect_unread(1)
    for context in people.values():
        context.close()


def test_who_signs_out_in_the_leading_tab_is_signed_out_in_all(
    context: BrowserContext, start_server: StartServer
) -> None:
    """The others, which have no connection of their own, say so as soon."""
    server = start_server(AUTH_ENABLED="true")
    server.python(PEOPLE)
    context.add_init_script(KEEP_SOCKETS)
    tabs = [log_in(context.new_page(), server.url, "ada", PASSWORD)]
    tabs += [Dashboard(context.new_page(), server.url).open() for _ in range(2)]
    tabs[0].expect_state("Connected")
    wait_for(lambda: sum(tab.page.evaluate(OPEN) for tab in tabs) == 1, DEADLINE)
    leader = leader_of(tabs)
    leader.page.get_by_test_id("menu-button").click()
    leader.page.get_by_test_id("logout").click()
    for tab in tabs:
        if tab is not leader:
            tab.expect_state("Signed out")
            assert tab.page.evaluate(OPEN) == 0
