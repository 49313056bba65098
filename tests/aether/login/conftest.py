"""A real provider, and a real server that is its client."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.openid import CALLBACK, OpenIdProvider, openid_provider
from tests.support.servers import Server

ROLES = "admins=Admin,desk=Writer,staff=Reader"


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[OpenIdProvider]:
    """A provider for a module's tests."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: OpenIdProvider) -> Iterator[OpenIdProvider]:
    """The same, behaving well at the start of each test."""
    yield shared_provider
    shared_provider.change.clear()
    shared_provider.status.clear()
    shared_provider.asked.clear()


@pytest.fixture(scope="module")
def relying(
    shared_provider: OpenIdProvider, migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that takes logins from the provider."""
    server = Server(tmp_path_factory.mktemp("relying"), migrated_database, OIDC_ROLES=ROLES)
    server.env |= shared_provider.register(f"{server.url}{CALLBACK}")
    yield server.start()
    server.stop()


class Visitor:
    """A browser without scripts: it keeps cookies, follows no redirect by itself, and logs in step by step."""

    def __init__(self, server: Server, provider: OpenIdProvider, client: httpx.Client) -> None:
        self.server, self.provider, self.client = server, provider, client

    def begin(self, **query: str) -> str:
        """Begin a login; return where at the provider it goes on."""
        answer = self.client.get("/accounts/oidc/", params=query)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def log_in(self, subject: str, **query: str) -> httpx.Response:
        """Log in as *subject*; return the answer to the provider's answer."""
        return self.client.get(self.provider.agree(self.begin(**query), subject))

    def username(self) -> str | None:
        """Return who the server takes this visitor for, None for nobody."""
        answer = self.client.get("/")
        if answer.status_code == 302:
            return None
        assert answer.status_code == 200, answer.text
        config = answer.text.split('type="application/json">')[1].split("</script>")[0]
        return str(json.loads(config)["user"]["name"])


@pytest.fixture
def visitor(relying: Server, provider: OpenIdProvider) -> Iterator[Visitor]:
    """A visitor of the server."""
    with relying.client() as client:
        yield Visitor(relying, provider, client)


@pytest.fixture
def second(relying: Server, provider: OpenIdProvider) -> Iterator[Visitor]:
    """Another one."""
    with relying.client() as client:
        yield Visitor(relying, provider, client)
