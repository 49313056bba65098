"""What a person sees after a reload: what was there at once, what came meanwhile once, and nobody else's."""

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.dashboard import COUNT_ARRIVALS, Dashboard, log_in, post
from tests.browser.proxy import LIST, POLL, POLL_WORDS, STREAM, STREAM_WORDS, WEBSOCKET, WEBSOCKET_WORDS, Proxy, proxied
from tests.conftest import StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for

PASSWORD = "quite-a-secret-1"
KEY = "aether:following"
KEPT = f"JSON.parse(sessionStorage.getItem('{KEY}'))"


def reload_while(behind: Dashboard, server: Server, *titles: str) -> None:
    """Reload, and publish *titles* after the old page has gone and before the new one runs."""
    page = behind.page
    published: list[str] = []

    def publish_first(route: Route) -> None:
        if not published:
            published.extend(post(server, title) for title in titles)
        route.continue_()

    page.route("**/websocket.js", publish_first)
    page.reload()
    page.unroute("**/websocket.js")


@pytest.mark.parametrize("blocked", [(), (WEBSOCKET,), (WEBSOCKET, STREAM)], ids=["websocket", "stream", "poll"])
def test_a_reload_keeps_what_was_seen_and_misses_nothing(
    behind: Dashboard, proxy: Proxy, server: Server, blocked: tuple[str, ...]
) -> None:
    """What was there is shown at once, before any connection; what came during the reload is told, once."""
    proxy.blocked = set(blocked)
    words = [WEBSOCKET_WORDS, STREAM_WORDS, POLL_WORDS][len(blocked)]
    behind.open(words)
    for title in ("One", "Two"):
        post(server, title)
    behind.expect_arrivals("One", "Two")
    proxy.block(WEBSOCKET, STREAM, POLL, LIST)
    reload_while(behind, server, "Meanwhile")
    for title in ("One", "Two"):
        behind.expect_note(title)
    behind.expect_note("Meanwhile", times=0)
    proxy.blocked = set(blocked)
    behind.expect_note("Meanwhile")
    expect(behind.page.get_by_test_id("toast").get_by_text("Meanwhile")).to_be_visible()
    behind.expect_state(words)
    behind.expect_unread(3)


def test_a_reload_resumes_from_its_position(behind: Dashboard, proxy: Proxy, server: Server) -> None:
    """Listeners of a page that was reloaded are handed exactly what they missed."""
    proxy.blocked.clear()
    behind.open(WEBSOCKET_WORDS)
    post(server, "Before")
    behind.expect_arrivals("Before")
    behind.page.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {COUNT_ARRIVALS} }});")
    reload_while(behind, server, "First", "Second")
    behind.expect_state(WEBSOCKET_WORDS)
    behind.expect_note("Second")
    wait_for(lambda: behind.page.evaluate("window.arrivals.length") >= 2)
    behind.expect_arrivals("First", "Second")


def test_a_stale_position_ends_in_the_present_state(behind: Dashboard, proxy: Proxy, server: Server) -> None:
    """What was kept of a stream that began anew meanwhile, as after a restored backup, is replaced."""
    proxy.blocked.clear()
    behind.open(WEBSOCKET_WORDS)
    post(server, "Before")
    behind.expect_note("Before")
    page = behind.page
    page.goto(f"{proxy.url}/healthz")
    stale = f"const kept = {KEPT}; kept.positions.notifications.epoch = kept.state.position.epoch = 'other-e';"
    ghost = "kept.state.items[0].title = 'Ghost'; kept.state.items[0].id = 'ghost';"
    page.evaluate(f"{stale} {ghost} sessionStorage.setItem('{KEY}', JSON.stringify(kept))")
    behind.open()
    behind.expect_note("Before")
    behind.expect_note("Ghost", times=0)
    behind.expect_unread(1)


def test_another_person_sees_nothing_of_it(context: BrowserContext, start_server: StartServer) -> None:
    """Who signs in in the same tab after somebody else is never shown what that one saw."""
    server = start_server(AUTH_ENABLED="true")
    people = "; ".join(f"User.objects.create_user('{name}', password='{PASSWORD}')" for name in ("ada", "bob"))
    server.python(f"from django.contrib.auth.models import User; {people}")
    server.manage("notify", "For Ada", "secret", "--user", "ada")
    page = context.new_page()
    with proxied(server) as proxy:
        dashboard = log_in(page, proxy.url, "ada", PASSWORD)
        dashboard.expect_note("For Ada")
        page.reload()
        dashboard.expect_note("For Ada")
        page.evaluate("window.dispatchEvent(new Event('pagehide'))")
        assert page.evaluate(f"{KEPT}.owner") == "ada"
        kept = page.evaluate(f"sessionStorage.getItem('{KEY}')")
        page.get_by_test_id("menu-button").click()
        page.get_by_test_id("logout").click()
        expect(page.locator("[name=password]")).to_be_visible()
        assert page.evaluate(f"sessionStorage.getItem('{KEY}')") is None
        # As if Ada had not signed out, but her session had ended while the page was closed.
        page.evaluate(f"(kept) => sessionStorage.setItem('{KEY}', kept)", kept)
        proxy.block(WEBSOCKET, STREAM, POLL)
        dashboard = log_in(page, proxy.url, "bob", PASSWORD)
        expect(page.get_by_test_id("bell")).to_have_attribute("data-state", "reconnecting")
        dashboard.expect_note("For Ada", times=0)
        assert page.evaluate(f"sessionStorage.getItem('{KEY}')") is None
        proxy.blocked.clear()
        dashboard.expect_state(WEBSOCKET_WORDS)
        dashboard.expect_note("For Ada", times=0)


def test_a_restored_list_is_refreshed_without_a_connection(behind: Dashboard, proxy: Proxy, server: Server) -> None:
    """Where no connection opens after the reload, the REST API is asked at once for what came meanwhile."""
    proxy.blocked.clear()
    behind.open(WEBSOCKET_WORDS)
    post(server, "Before")
    behind.expect_note("Before")
    proxy.block(WEBSOCKET, STREAM, POLL)
    reload_while(behind, server, "Meanwhile")
    for title in ("Before", "Meanwhile"):
        behind.expect_note(title)
    proxy.blocked.clear()
    behind.page.get_by_test_id("retry").click()
    behind.expect_state(WEBSOCKET_WORDS)
    for title in ("Before", "Meanwhile"):
        behind.expect_note(title)
    behind.expect_unread(2)


@pytest.mark.parametrize("refused", ["getItem", "setItem"])
def test_a_storage_that_refuses_costs_nothing(behind: Dashboard, proxy: Proxy, server: Server, refused: str) -> None:
    """With a full or forbidden sessionStorage everything works, only a reload starts from nothing."""
    proxy.blocked.clear()
    no = "() => { throw new DOMException('no', 'QuotaExceededError'); }"
    behind.page.add_init_script(f"Storage.prototype.{refused} = {no}")
    behind.open(WEBSOCKET_WORDS)
    post(server, "One")
    behind.expect_note("One")
    behind.page.reload()
    behind.expect_state(WEBSOCKET_WORDS)
    behind.expect_note("One")
    behind.expect_unread(1)
