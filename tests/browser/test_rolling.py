"""A rolling restart of two nodes under load, watched in a browser: nothing of it is seen in the data."""

import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard
from tests.browser.proxy import proxied
from tests.conftest import LOCAL, StartServer
from tests.support.servers import ROOT, Server, environment, manage
from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(240)
BETWEEN = 8
"""Notifications that must reach the page before each next step."""
PUBLISHER = """
import sys
from notifications import actions
number = 0
while sys.stdin.readline():
    actions.create(f"note {number}")
    number += 1
    print(number, flush=True)
"""


class Publisher:
    """A process of its own, as a worker beside the servers, which publishes one notification after the other."""

    def __init__(self, env: dict[str, str]) -> None:
        command = [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", PUBLISHER]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=env, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self.published = 0

    def publish(self) -> None:
        """Publish the next one, and return once it is committed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.published = int(self.process.stdout.readline())

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def env(postgres_url: str, valkey_url: str) -> dict[str, str]:
    """What both nodes share: an empty, migrated database and a channel layer."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS rolling")
        connection.execute("CREATE DATABASE rolling")
    url = urlsplit(postgres_url)._replace(path="/rolling").geturl()
    shared = {**LOCAL, "DATABASE_URL": url, "REDIS_URL": valkey_url}
    manage("migrate", "-v", "0", env=environment(**shared))
    return shared


@pytest.fixture
def nodes(start_server: StartServer, env: dict[str, str]) -> tuple[Server, Server]:
    """Two nodes."""
    return start_server(**env), start_server(**env)


@pytest.fixture
def publisher(env: dict[str, str]) -> Iterator[Publisher]:
    """A publisher that ends with the test."""
    publisher = Publisher(environment(**env))
    yield publisher
    publisher.end()


def test_a_rolling_restart_is_invisible(page: Page, nodes: tuple[Server, Server], publisher: Publisher) -> None:
    """Each node is restarted while notifications come; the page has every one of them once, and in order."""
    with proxied(*nodes) as proxy:
        Dashboard(page, proxy.url).open()

        def flow() -> None:
            """Publish until the page has more than it had."""
            goal = publisher.published + BETWEEN

            def has_arrived() -> bool:
                publisher.publish()
                return page.evaluate("window.arrivals.length") >= goal

            wait_for(has_arrived, 60, "notifications in the page")

        clients = {page.evaluate("wsClient.getClientId()")}
        for node in (*nodes, *nodes):
            flow()
            assert node.stop() == 0
            flow()
            clients.add(page.evaluate("wsClient.getClientId()"))
            node.start()
        flow()
        wait_for(lambda: page.evaluate("window.arrivals.length") >= publisher.published, 30, "the last one")
        assert page.evaluate("window.arrivals") == [f"note {number}" for number in range(publisher.published)]
        assert len(clients) >= 3  # It was handed over, more than once.
        unread = f"{publisher.published}" if publisher.published < 100 else "99+"
        expect(page.get_by_test_id("bell-count")).to_have_text(unread)
