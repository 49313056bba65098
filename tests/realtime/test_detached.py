"""Tests of connections whose application has returned: they stay, and each event is handled when it comes."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from realtime.errors import CloseCode, Disconnect
from realtime.frames import EXTENSION, Texts
from realtime.sink import FrameSink
from tests.support.ports import free_port
from tests.support.waiting import wait_until


class Application:
    """Accepts, lets go of the connection, and keeps what it is handed; `stop` ends a connection, `fail` fails."""

    def __init__(self) -> None:
        self.port = free_port()
        self.received: list[dict[str, Any]] = []
        self.sinks: list[FrameSink] = []
        self.tasks: list[asyncio.Task[Any] | None] = []
        self.accepting = asyncio.Event()
        self.accepting.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def close(code: int, reason: str) -> None:
            await send({"type": "websocket.close", "code": code, "reason": reason})

        await receive()
        self.tasks.append(asyncio.current_task())
        await send({"type": "websocket.accept"})
        frames = scope["extensions"][EXTENSION]["frames"]
        self.sinks.append(FrameSink(frames, close, limit=1_000_000, deflate_from=1_000, log=None))
        await self.accepting.wait()
        self.sinks[-1].detach(self.handle)

    async def handle(self, message: dict[str, Any]) -> bool:
        """Keep *message*, a turn of the loop later."""
        self.tasks.append(asyncio.current_task())
        await asyncio.sleep(0)
        self.received.append(message)
        if message.get("text") == "fail":
            raise ValueError("fail")
        return message["type"] != "websocket.disconnect" and message.get("text") != "stop"

    @property
    def texts(self) -> list[str]:
        """What was sent to it so far."""
        return [message["text"] for message in self.received if "text" in message]

    def connect(self) -> connect:
        """Connect to it."""
        return connect(f"ws://127.0.0.1:{self.port}/", ping_interval=None)


@pytest_asyncio.fixture
async def application() -> AsyncIterator[Application]:
    """The application, served by uvicorn in this loop."""
    app = Application()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=app.port, ws="realtime.websocket:WebSocketProtocol", lifespan="off",
        log_config=None, timeout_graceful_shutdown=1, interface="asgi3",
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started, what="uvicorn")
    yield app
    server.should_exit = True
    await serving


async def _ends(client: ClientConnection) -> None:
    """Return when the server has ended the connection."""
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(5):
            await client.recv()


async def test_it_stays_and_is_served_in_order(application: Application) -> None:
    """What comes is handled one after the other, what goes out arrives, and between messages no task is left."""
    async with application.connect() as client:
        for number in range(50):
            await client.send(str(number))
        await wait_until(lambda: len(application.texts) == 50, what="fifty messages")
        assert application.texts == [str(number) for number in range(50)]
        application.sinks[0].write(Texts(["to the client"]))
        assert await client.recv() == "to the client"
        await wait_until(lambda: all(task is not None and task.done() for task in application.tasks), what="no task")
        await client.send("later")
        await wait_until(lambda: application.texts[-1] == "later", what="another message")
    await wait_until(lambda: application.received[-1]["type"] == "websocket.disconnect", what="the end")


async def test_what_comes_before_is_not_lost(application: Application) -> None:
    """A message, and an end, that come while the application is still at work are handed over once it returns."""
    application.accepting.clear()
    async with application.connect() as client:
        await client.send("early")
    application.accepting.set()
    await wait_until(lambda: len(application.received) == 2, what="both")
    assert application.texts == ["early"]
    assert application.received[1]["type"] == "websocket.disconnect"


@pytest.mark.parametrize("text", ["stop", "fail"])
async def test_whoever_handles_it_can_end_it(application: Application, text: str) -> None:
    """A connection that shall not go on, or whose handling failed, is closed; nothing more is handed over."""
    async with application.connect() as client:
        await client.send(text)
        await client.send("too late")
        await _ends(client)
    assert application.texts == [text]


async def test_a_close_is_answered(application: Application) -> None:
    """The server's own close goes out after what was written, and the client's answer is handed over as its end."""
    async with application.connect() as client:
        await wait_until(lambda: bool(application.sinks), what="the application")
        application.sinks[0].write(["last"])
        application.sinks[0].close(Disconnect(CloseCode.RESTART, "The server restarts"), reconnect=True)
        assert await client.recv() == "last"
        assert json.loads(await client.recv())["type"] == "disconnect"
        await _ends(client)
        assert client.close_code == 1012
    await wait_until(lambda: bool(application.received), what="the end")
    assert application.received[-1]["type"] == "websocket.disconnect"
