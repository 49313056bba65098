"""The dashboard over https and wss, through a real nginx with the docs' own example, as people in production see it."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.dashboard import Dashboard, log_in
from tests.browser.proxy import STREAM_WORDS
from tests.support.browsers import launch_options
from tests.support.proxies import NAME, Proxy
from tests.support.servers import Server
from tests.support.waiting import wait_for

URL = f"https://{NAME}/"
PASSWORD = "quite-a-secret-1"
PERSON = f"""
from django.contrib.auth.models import User
User.objects.create_superuser("ada", password={PASSWORD!r})
"""
PRODUCTION = {"DEBUG": "", "AUTH_ENABLED": "", "ALLOWED_HOSTS": NAME, "TRUSTED_PROXIES": "127.0.0.1"}
NO_UPGRADE = {"    ~*^websocket$ websocket;\n": ""}


@pytest.fixture(scope="module")
def production(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with production's settings, and `ada`."""
    directory = tmp_path_factory.mktemp("production")
    server = Server(directory, migrated_database, **PRODUCTION, STATIC_ROOT=str(directory / "static"))
    server.start().python(PERSON)
    yield server
    server.stop()


with_upgrade = pytest.mark.parametrize("nginx", [{}], indirect=True, ids=["upgrade"])
without_upgrade = pytest.mark.parametrize("nginx", [NO_UPGRADE], indirect=True, ids=["no upgrade"])


@pytest.fixture(scope="module")
def nginx(
    request: pytest.FixtureRequest, production: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    """nginx before it, as the docs have it; or with the upgrade to WebSocket taken out."""
    with Proxy("nginx", tmp_path_factory.mktemp("nginx"), production.port, request.param) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def browser(nginx: Proxy) -> Iterator[Browser]:
    """A Chromium that finds the example's name at nginx, and trusts this one certificate."""
    key = load_pem_x509_certificate(nginx.certificate.read_bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    options = launch_options()
    ports = f"MAP {NAME}:80 127.0.0.1:{nginx.http},MAP {NAME}:443 127.0.0.1:{nginx.https}"
    options["args"] = [
        *options["args"],
        f"--host-resolver-rules={ports}",
        f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**options)
        yield chromium
        chromium.close()


def follows(page: Page, production: Server, words: str) -> None:
    """Sign in from the address without https, and see what comes and what is marked, live."""
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    dashboard = log_in(page, f"http://{NAME}/", "ada", PASSWORD)
    dashboard.expect_state(words)
    assert page.url == URL
    assert set(sockets) == {f"wss://{NAME}/ws"}
    title = f"Through nginx: {words}"
    production.manage("notify", title, "See https://example.org/runbook.", "--level", "warning")
    dashboard.expect_note(title)
    dashboard.note(title).get_by_test_id("toggle-read").click()  # A write, with the CSRF cookie and Origin of https.
    expect(dashboard.note(title)).to_have_attribute("data-read", "true")


@with_upgrade
def test_dashboard_is_live_over_wss(page: Page, nginx: Proxy, production: Server) -> None:
    """From http to https, through the login, to a WebSocket over TLS; the cookies are this host's over https alone."""
    follows(page, production, "Connected")
    assert page.evaluate("wsClient.getTransport()") == "websocket"
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert set(cookies) == {"__Host-sessionid", "__Host-csrftoken"}
    assert {(cookie["secure"], cookie["sameSite"], cookie["domain"]) for cookie in cookies.values()} == {
        (True, "Lax", NAME)
    }
    assert cookies["__Host-sessionid"]["httpOnly"]


@with_upgrade
def test_the_server_may_restart(page: Page, nginx: Proxy, production: Server) -> None:
    """Who is cut off by a server that restarts behind nginx comes back over wss and has what came meanwhile."""
    dashboard = log_in(page, URL, "ada", PASSWORD)
    dashboard.expect_state("Connected")
    page.evaluate("window.same = true")
    production.stop()
    production.manage("notify", "While it was away", "m")
    production.start()
    dashboard.expect_state("Connected")
    dashboard.expect_note("While it was away")
    assert page.evaluate("window.same")


@without_upgrade
def test_streams_are_not_held_back(page: Page, nginx: Proxy, production: Server) -> None:
    """Where nginx passes no upgrade on, news comes over server-sent events the moment it is there."""
    follows(page, production, STREAM_WORDS)
    assert page.evaluate("wsClient.getTransport()") == "sse"


@with_upgrade
def test_pages_have_nothing_to_complain_about(page: Page, nginx: Proxy, production: Server) -> None:
    """The admin and the API's docs work over https with production's files, and the console stays empty."""
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    dashboard = log_in(page, URL, "ada", PASSWORD)
    dashboard.expect_state("Connected")
    for path, words in (("admin/", "Notifications"), ("api/docs", "Aether API")):
        page.goto(URL + path)
        expect(page.get_by_role("heading", name=words).first).to_be_visible()
    wait_for(lambda: page.evaluate("document.readyState") == "complete")
    assert complaints == []
    assert Dashboard(page, URL).open()
