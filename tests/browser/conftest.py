"""Browser tests: real pages of a real server in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard
from tests.browser.proxy import WEBSOCKET, Proxy, proxied
from tests.support.servers import Server

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def dashboard(page: Page, server: Server) -> Dashboard:
    """The dashboard of a server of this test's own, connected."""
    return Dashboard(page, server.url).open()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy before the server of this test's own, which lets no WebSocket through."""
    with proxied(server, blocked=(WEBSOCKET,)) as proxy:
        yield proxy


@pytest.fixture
def behind(page: Page, proxy: Proxy) -> Dashboard:
    """The dashboard as it is seen through the proxy; not opened yet."""
    return Dashboard(page, proxy.url)
