"""What a person sees when their session ends, and how a page without one connects with tickets."""

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.dashboard import Dashboard, log_in
from tests.conftest import StartServer
from tests.support.servers import ROOT, Server

PASSWORD = "quite-a-secret-1"
PERSON = f"""
from django.contrib.auth.models import User
User.objects.create_superuser("ada", password={PASSWORD!r})
"""
SECOND = 1_000
COUNT_SOCKETS = """
    window.dialled = 0;
    const Real = window.WebSocket;
    window.WebSocket = class extends Real { constructor(...all) { super(...all); window.dialled += 1; } };
"""
PAGE = """<!doctype html><title>Elsewhere</title>
<script type="application/json" id="config-data">%s</script>
<script type="module">
  import { wsClient } from "/websocket.js";
  const ask = async () => ({ ticket: await window.ticket() });
  wsClient.authenticate(ask);
  window.titles = [];
  wsClient.on("notification", (message) => window.titles.push(message.data.title));
  wsClient.onConnectionStatus((status) => (document.title = status));
  wsClient.subscribe(["notifications"]);
</script>
"""


@pytest.fixture
def guarded(start_server: StartServer) -> Server:
    """A server with login on, and `ada`."""
    server = start_server(AUTH_ENABLED="true")
    server.python(PERSON)
    return server


def test_a_logout_in_one_tab_shows_in_the_other(context: BrowserContext, guarded: Server) -> None:
    """Within a second the other tab says that one is signed out and how to go on, and does not try for ever."""
    context.add_init_script(COUNT_SOCKETS)
    one, two = context.new_page(), context.new_page()
    log_in(one, guarded.url, "ada", PASSWORD).expect_state("Connected")
    Dashboard(two, guarded.url).open()
    one.get_by_test_id("menu-button").click()
    with one.expect_response("**/accounts/logout/"):
        one.get_by_test_id("logout").click()
    expect(two.get_by_test_id("connection-state")).to_have_text("Signed out", timeout=SECOND)
    expect(two.get_by_test_id("connection-detail")).to_have_text("You are signed out. Sign in again to go on.")
    expect(two.get_by_test_id("retry")).to_have_text("Sign in")
    dialled = two.evaluate("window.dialled")
    two.evaluate("window.dispatchEvent(new Event('online'))")
    two.wait_for_timeout(2 * SECOND)  # There must be nothing to see for a while.
    assert two.evaluate("window.dialled") == dialled
    two.get_by_test_id("retry").click()
    expect(two.locator("[name=password]")).to_be_visible()


def test_a_page_whose_cookie_has_gone_says_so(context: BrowserContext, guarded: Server) -> None:
    """A connection that is lost after the login ended is not tried for ever: who is not greeted asks why."""
    page = context.new_page()
    dashboard = log_in(page, guarded.url, "ada", PASSWORD)
    dashboard.expect_state("Connected")
    context.clear_cookies()
    page.evaluate("wsClient.disconnect()")
    page.evaluate("wsClient.connect()")
    dashboard.expect_state("Signed out")


def test_a_page_loads_again_for_another_person(context: BrowserContext, guarded: Server) -> None:
    """Where somebody else has signed in meanwhile, a page that comes back is theirs, under their name."""
    guarded.python(PERSON.replace("ada", "bob"))
    one, two = context.new_page(), context.new_page()
    log_in(one, guarded.url, "ada", PASSWORD).expect_state("Connected")
    context.clear_cookies()
    log_in(two, guarded.url, "bob", PASSWORD).expect_state("Connected")
    with one.expect_navigation():
        one.evaluate("wsClient.disconnect(), wsClient.connect()")
    Dashboard(one, guarded.url).expect_state("Connected")
    assert json.loads(one.locator("#config-data").text_content() or "")["user"]["name"] == "bob"


def test_a_new_password_does_not_sign_this_browser_out(context: BrowserContext, guarded: Server) -> None:
    """Who sets a new password in one tab stays connected in the other, whose session it replaced."""
    one, two = context.new_page(), context.new_page()
    log_in(one, guarded.url, "ada", PASSWORD).expect_state("Connected")
    dashboard = Dashboard(two, guarded.url).open()
    before = two.evaluate("wsClient.getClientId()")
    one.goto(f"{guarded.url}/admin/password_change/")
    one.locator("[name=old_password]").fill(PASSWORD)
    for name in ("new_password1", "new_password2"):
        one.locator(f"[name={name}]").fill("quite-another-secret-2")
    one.locator("form:has([name=old_password]) [type=submit]").click()  # The look's own search has a button, too.
    expect(one).to_have_url(f"{guarded.url}/admin/password_change/done/")
    two.wait_for_function("(before) => ![null, before].includes(wsClient.getClientId())", arg=before)
    dashboard.expect_state("Connected")
    guarded.manage("notify", "Still here", "m")
    dashboard.expect_note("Still here")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Another origin that serves the client library and pages of its own: its address, and where they are."""
    for name in ("websocket.js", "realtime"):
        (tmp_path / name).symlink_to(ROOT / "static" / name)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


@pytest.mark.timeout(240)  # A server starts twice.
def test_a_page_of_another_origin_connects_with_tickets(
    page: Page, start_server: StartServer, elsewhere: tuple[str, Path]
) -> None:
    """Its own server gets tickets with an API token; each opens one connection, and the token stays off the page."""
    origin, directory = elsewhere
    server = start_server(AUTH_ENABLED="true", CSRF_TRUSTED_ORIGINS=origin)
    server.python(PERSON)
    token = server.manage("token", "create", "ada", "portal").splitlines()[-1]
    config = json.dumps({"websocket_url": server.ws_url})
    (directory / "index.html").write_text(PAGE % config)
    given: list[str] = []
    script = httpx.Client(base_url=server.url, headers={"Authorization": f"Token {token}"}, trust_env=False, timeout=30)

    def ticket() -> str:
        given.append(script.post("/api/v1/ws/ticket").json()["ticket"])
        return given[-1]

    def tell(title: str) -> None:
        assert script.post("/api/v1/notifications", json={"title": title}).status_code == 201

    page.expose_function("ticket", ticket)
    page.goto(f"{origin}/index.html")
    expect(page).to_have_title("connected")
    tell("Elsewhere")
    page.wait_for_function("() => window.titles.includes('Elsewhere')")
    server.stop()
    server.start()
    expect(page).to_have_title("connected", timeout=30_000)
    tell("After a restart")
    page.wait_for_function("() => window.titles.includes('After a restart')")
    assert len(set(given)) == len(given) >= 2
    script.close()
