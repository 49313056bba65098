"""What a person sees behind a proxy that blocks WebSocket, or streams too: everything, once, and what it is on."""

from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard, log_in, post
from tests.browser.proxy import POLL_WORDS, STREAM, STREAM_WORDS, WEBSOCKET, WEBSOCKET_WORDS, Proxy, proxied
from tests.conftest import StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for

PASSWORD = "quite-a-secret-1"


def test_a_blocked_websocket_costs_nothing(behind: Dashboard, server: Server) -> None:
    """Behind a proxy that refuses the upgrade, news comes over server-sent events; bell and card say so."""
    post(server, "Before")
    behind.open(STREAM_WORDS)
    behind.expect_note("Before")
    for title in ("One", "Two"):
        post(server, title)
    behind.expect_arrivals("One", "Two")
    behind.expect_unread(3)
    bell = behind.page.get_by_test_id("bell")
    expect(bell).to_have_attribute("data-state", "connected")
    expect(behind.page.get_by_test_id("bell-words")).to_contain_text(STREAM_WORDS)
    assert behind.page.evaluate("wsClient.getTransport()") == "sse"


def test_where_streams_are_blocked_too_it_polls(behind: Dashboard, proxy: Proxy, server: Server) -> None:
    """With neither WebSocket nor a stream, news comes by polling, and marks of another tab do too."""
    proxy.block(STREAM)
    behind.open(POLL_WORDS)
    for title in ("One", "Two"):
        post(server, title)
    behind.expect_arrivals("One", "Two")
    with server.client() as client:
        assert client.put("/api/v1/notifications/mark-all-read", json={}).status_code == 200
    behind.expect_unread(0)
    assert behind.page.evaluate("wsClient.getTransport()") == "poll"


def test_it_goes_back_to_websocket(behind: Dashboard, proxy: Proxy, server: Server) -> None:
    """Once the proxy lets WebSocket through, a try for it takes over; nothing is missed, doubled or flashes."""
    behind.open(STREAM_WORDS)
    behind.page.evaluate("void wsClient.onConnectionStatus((status) => (window.states ??= []).push(status))")
    post(server, "Over the stream")
    behind.expect_note("Over the stream")
    proxy.blocked.clear()
    behind.page.get_by_test_id("retry").get_by_text("Try WebSocket").click()
    post(server, "In between")
    behind.expect_state(WEBSOCKET_WORDS)
    post(server, "Over WebSocket")
    behind.expect_note("Over WebSocket")
    behind.expect_arrivals("Over the stream", "In between", "Over WebSocket")
    assert set(behind.page.evaluate("window.states")) == {"connected"}
    expect(behind.page.get_by_test_id("retry")).to_be_hidden()


def test_a_websocket_that_is_cut_for_good_is_replaced(behind: Dashboard, proxy: Proxy, server: Server) -> None:
    """A page that loses WebSocket to its network goes on without, and what was said meanwhile is there once."""
    proxy.blocked.clear()
    behind.open(WEBSOCKET_WORDS)
    post(server, "Over WebSocket")
    behind.expect_note("Over WebSocket")
    proxy.block(WEBSOCKET)
    expect(behind.page.get_by_test_id("bell")).to_have_attribute("data-state", "reconnecting")
    post(server, "Meanwhile")
    behind.expect_state(STREAM_WORDS)
    post(server, "Over the stream")
    behind.expect_note("Over the stream")
    for title in ("Over WebSocket", "Meanwhile"):
        behind.expect_note(title)
    behind.expect_unread(3)


def test_a_stream_that_is_cut_continues(behind: Dashboard, proxy: Proxy, server: Server) -> None:
    """A stream that breaks is continued from its cursor: what was missed comes as news, not as a new state."""
    behind.open(STREAM_WORDS)
    post(server, "Before")
    behind.expect_note("Before")
    behind.page.evaluate("void wsClient.on('snapshot', () => (window.snapshots = (window.snapshots ?? 0) + 1))")
    proxy.block(STREAM)
    post(server, "Meanwhile")
    proxy.blocked.remove(STREAM)
    behind.expect_arrivals("Before", "Meanwhile")
    assert behind.page.evaluate("window.snapshots ?? 0") == 0


def test_subscribing_over_a_stream(behind: Dashboard, server: Server) -> None:
    """Other topics can be followed and left over a stream too; the first one misses nothing for that."""
    behind.open(STREAM_WORDS)
    page = behind.page
    page.evaluate("void wsClient.on('weather', (message) => (window.weather = message.value))")
    page.evaluate("wsClient.subscribe('jobs:7')")
    post(server, "While it changes")
    wait_for(lambda: page.evaluate("wsClient.getOffset('jobs:7') !== null"))
    behind.expect_arrivals("While it changes")
    page.evaluate("wsClient.unsubscribe('jobs:7')")
    post(server, "Afterwards")
    behind.expect_note("Afterwards")
    behind.expect_unread(2)


def test_without_a_login_the_stream_says_so(page: Page, start_server: StartServer) -> None:
    """When the login has ended, the page says that one is signed out, and asks to sign in."""
    server = start_server(AUTH_ENABLED="true")
    server.python(
        f"from django.contrib.auth.models import User; User.objects.create_user('ada', password='{PASSWORD}')"
    )
    with proxied(server, blocked=(WEBSOCKET,)) as proxy:
        dashboard = log_in(page, proxy.url, "ada", PASSWORD)
        dashboard.expect_state(STREAM_WORDS)
        server.python("from django.contrib.sessions.models import Session; Session.objects.all().delete()")
        proxy.block(STREAM)
        proxy.blocked.remove(STREAM)
        expect(page.get_by_test_id("connection-detail")).to_contain_text("signed out")
        expect(page.get_by_test_id("retry")).to_have_text("Sign in")
        assert page.evaluate("sessionStorage.length") == 0
