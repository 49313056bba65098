"""Fixtures of the live part: accounts, clients, and a node that ends with its test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from channels.layers import channel_layers
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.db import connection, transaction

from realtime import node
from realtime.outbox import Draft, publish_many
from realtime.routing import websocket_urlpatterns
from tests.realtime.clients import Client, over_communicator, over_socket
from tests.support.ports import free_port
from tests.support.waiting import wait_until

Connect = Callable[..., Awaitable[Client]]
HOST = "localhost"


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run *work* in a thread, and close the database connection that it opened there."""

    def run() -> Any:
        try:
            return work(*arguments)
        finally:
            connection.close()

    return await asyncio.to_thread(run)


def publish(*drafts: Draft) -> None:
    """Publish *drafts* in a transaction of their own."""
    with transaction.atomic():
        publish_many(drafts)


def item(number: int, stream: str = "inventory", **options: Any) -> Draft:
    """Return a publication that carries *number*."""
    kind = "job" if stream == "jobs" else stream
    return Draft(stream, {"type": kind, "action": "updated", "data": {"n": number}}, **options)


async def announce(*drafts: Draft) -> None:
    """Publish from a thread, as a request does."""
    await in_thread(publish, *drafts)


def numbers(messages: list[dict[str, Any]]) -> list[int]:
    """Return the numbers of `item` that *messages* carry, those in batches included."""
    return [one["data"]["n"] for one in flat(messages) if "n" in (one.get("data") or {})]


def flat(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return *messages* with those in batches one by one."""
    return [one for message in messages for one in message.get("messages", [message])]


def session_of(user: Any) -> str:
    """Log *user* in and return the session's key."""
    from django.test import Client as DjangoClient

    browser = DjangoClient()
    browser.force_login(user)
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def application() -> Any:
    """Return the WebSocket application as the project routes it."""
    return ProtocolTypeRouter({"websocket": URLRouter(websocket_urlpatterns)})


@pytest.fixture
def user(transactional_db: None) -> User:
    """An ordinary user, in one user group."""
    person = get_user_model().objects.create_user("anna")
    person.groups.add(Group.objects.create(name="operators"))
    return person


@pytest.fixture
def other(transactional_db: None) -> User:
    """Another user, in no group."""
    return get_user_model().objects.create_user("ben")


@pytest_asyncio.fixture
async def live(transactional_db: None) -> AsyncIterator[None]:
    """Let the test use a node, which ends with it, together with its channel layer and its tasks."""
    channel_layers.backends.clear()
    before = asyncio.all_tasks()
    yield
    await node.stop()
    own = {*before, asyncio.current_task()}
    await wait_until(lambda: asyncio.all_tasks() <= own, what="the end of tasks that the test left behind")


@pytest_asyncio.fixture
async def port(live: None) -> AsyncIterator[int]:
    """The port of a real uvicorn in this event loop."""
    port = free_port()
    config = uvicorn.Config(
        application(), host="127.0.0.1", port=port, ws="realtime.websocket:WebSocketProtocol", lifespan="off",
        log_config=None, ws_max_size=settings.WEBSOCKET_MAX_FRAME, timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started, what="uvicorn")
    yield port
    server.should_exit = True
    await serving


@pytest.fixture(params=["communicator", "uvicorn"])
def edge(request: pytest.FixtureRequest) -> int | None:
    """Both edges: the port of a real server, or None for the communicator."""
    return request.getfixturevalue("port") if request.param == "uvicorn" else None


@pytest_asyncio.fixture
async def dial(live: None, edge: int | None) -> AsyncIterator[Connect]:
    """Open connections: `dial(session=, origin=, host=, v1=, path=, authorization=)`; they end with the test."""
    opened: list[Client] = []

    async def connect(
        *, session: str | None = None, origin: str | None = None, host: str = HOST, v1: bool = True, path: str = "/ws",
        authorization: str | None = None,
    ) -> Client:  # fmt: skip
        headers = [("host", host)]
        if authorization is not None:
            headers.append(("authorization", authorization))
        if session is not None:
            headers.append(("cookie", f"{settings.SESSION_COOKIE_NAME}={session}"))
        if origin is not None:
            headers.append(("origin", origin))
        if edge is None:
            client = await over_communicator(application(), v1=v1, headers=headers, path=path)
        else:
            client = await over_socket(edge, v1=v1, headers=headers, path=path)
        opened.append(client)
        return client

    yield connect
    for client in opened:
        with contextlib.suppress(asyncio.CancelledError):
            await client.wire.close()


@pytest_asyncio.fixture
async def connect(dial: Connect, user: User) -> Connect:
    """Open connections of `user` (or `who=`) that have their greeting behind them."""

    async def welcome(*, who: User | None = None, v1: bool = True, path: str = "/ws") -> Client:
        session = await in_thread(session_of, who or user)
        return await (await dial(session=session, origin=f"http://{HOST}", v1=v1, path=path)).greeting()

    return welcome
