"""Everyone, logged in at a real server in this process, which topics of the tests can be registered with."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from django.conf import settings
from django.contrib.auth.models import User

from realtime.websocket import WebSocketProtocol
from tests.authorization.people import ANONYMOUS, GROUPS, make_people
from tests.authorization.rows import make_rows
from tests.realtime.clients import Client, over_socket
from tests.realtime.conftest import in_thread, live, session_of
from tests.support.ports import free_port
from tests.support.waiting import wait_until

__all__ = ["live"]


@dataclass
class World:
    """A server, the people, and their sessions."""

    port: int
    sessions: dict[str, str]
    opened: list[Any] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The name that the server answers to."""
        return f"127.0.0.1:{self.port}"

    def headers(self, name: str) -> dict[str, str]:
        """Return what the browser of the person called *name* sends with everything."""
        if name == ANONYMOUS:
            return {}
        return {"cookie": f"{settings.SESSION_COOKIE_NAME}={self.sessions[name]}", "origin": f"http://{self.host}"}

    async def socket(self, name: str, *, v1: bool = True) -> Client:
        """Return a WebSocket of the person called *name*; it ends with the test."""
        headers = [("host", self.host), *self.headers(name).items()]
        client = await over_socket(self.port, v1=v1, headers=headers)
        self.opened.append(client.wire.close)
        return client

    async def browser(self, name: str) -> httpx.AsyncClient:
        """Return an HTTP client of the person called *name*, with the CSRF token of the pages."""
        client = httpx.AsyncClient(base_url=f"http://{self.host}", trust_env=False, timeout=20.0)
        self.opened.append(client.aclose)
        await client.get("/accounts/login/")
        token = client.cookies["csrftoken"]
        client.headers.update({"X-CSRFToken": token, "Referer": f"http://{self.host}/"})
        if name != ANONYMOUS:
            client.cookies.set(settings.SESSION_COOKIE_NAME, self.sessions[name])
        return client


def _prepare() -> dict[str, str]:
    """Make the people and the rows; return everyone's session, of those too who are locked out by now."""
    make_people()
    make_rows()
    sessions = {}
    for name in GROUPS:
        person = User.objects.get(username=name)
        active, person.is_active = person.is_active, True
        sessions[name] = session_of(person)
        person.is_active = active
    return sessions


@pytest_asyncio.fixture
async def world(transactional_db: None, live: None) -> AsyncIterator[World]:
    """The whole application behind a real uvicorn, in this event loop."""
    from aether.asgi import application

    port, sessions = free_port(), await in_thread(_prepare)
    config = uvicorn.Config(
        application, host="127.0.0.1", port=port, ws=WebSocketProtocol, lifespan="off", log_config=None,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started, what="uvicorn")
    found = World(port, sessions)
    yield found
    for close in found.opened:
        await close()
    server.should_exit = True
    await serving


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every registered topic to a test that asks for `topic`."""
    from realtime.topics import registered

    if "topic" in metafunc.fixturenames:
        metafunc.parametrize("topic", sorted(registered()))
