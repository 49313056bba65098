"""The WebSocket edge: an adapter between Channels' consumer and the node, nothing else."""

import asyncio
import contextlib
import logging
import time
import uuid
from typing import Any, Final

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import InterfaceError, OperationalError

from realtime import auth, correlation, node, protocol
from realtime.connections import LEGACY, V1, Connection
from realtime.errors import ClientError, CloseCode, Disconnect, InvalidMessage
from realtime.identity import Identity
from realtime.limits import TokenBucket
from realtime.node import Node
from realtime.protocol import Auth, ClientMessage, Ping, Subscribe, Unsubscribe
from realtime.sink import PRIVATE, AsgiSink
from realtime.visits import Visit, outline, size_of

logger = logging.getLogger(__name__)

MISTAKES_PER_SECOND: Final = 1.0
MISTAKES_AT_ONCE: Final = 50.0
"""Errors answered before repeated abuse ends the connection."""
BUSY_RETRY_MS: Final = 2_000


class Consumer(AsyncJsonWebsocketConsumer):
    """One WebSocket connection.

    It has no channel of its own: the node is the member of a topic's group, for all of its connections.
    """

    channel_layer_alias = "the node has the channel"

    node: Node

    def __init__(self) -> None:
        super().__init__()
        self.connection: Connection | None = None
        self.sink: AsgiSink | None = None
        self.waiting: asyncio.TimerHandle | None = None
        self.serving: asyncio.Task[Any] | None = None
        self.stalled = False
        self.client_id = str(uuid.uuid4())
        self.visit = Visit()
        self.left_with: int | None = None
        self.mistakes = TokenBucket(rate=MISTAKES_PER_SECOND, burst=MISTAKES_AT_ONCE, clock=time.monotonic)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection and leave nothing of it behind, however it ends."""
        try:
            self.node = await node.running()
        except (OperationalError, InterfaceError) as error:
            logger.warning("The node cannot start, so a client was asked to come later: %s", error)
            await turn_away(receive, send)
            return
        self.serving = asyncio.current_task()
        self.visit = Visit.of(scope, "websocket")
        correlation.bind_client(self.client_id)
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self.stalled:
                raise
        except Exception:
            logger.exception("The connection failed.")
            self.end(CloseCode.SERVER_ERROR, "Server error")
            if self.sink is None:
                raise
            await self.sink.ended()
        finally:
            await self.leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one event, without the thread hop for database connections that nothing here uses."""
        match message["type"]:
            case "websocket.connect":
                await self.connect()
            case "websocket.receive":
                await self.receive(message.get("text"), message.get("bytes"))
            case "websocket.disconnect":
                self.left_with = message.get("code")
                raise StopConsumer

    async def connect(self) -> None:
        """Find out who this is before anything is sent; greet them, or wait for their `auth`."""
        if self.node.draining:
            await self.open()
            self.end(CloseCode.RESTART, "The server restarts", retry_after_ms=BUSY_RETRY_MS)
            return
        mark = self.node.revalidation.mark()
        try:
            identity = await self.node.run(auth.identify, self.scope)
        except auth.Refused as refused:
            self.visit.refused(str(refused))
            await self.close()
            return
        except auth.Unauthorized as unauthorized:
            await self.open()
            self.reject(str(unauthorized))
            return
        except (OperationalError, InterfaceError) as error:
            logger.warning("A WebSocket handshake could not be authenticated: %s", error)
            await self.open()
            self.end(CloseCode.TRY_LATER, "The database is busy", retry_after_ms=BUSY_RETRY_MS)
            return
        await self.open()
        if identity is None:
            self.waiting = asyncio.get_running_loop().call_later(
                self.node.conf.auth_timeout, self.reject, "No credentials came in time."
            )
        else:
            await self.welcome(identity, mark)

    async def open(self) -> None:
        """Accept the handshake, with the v1 subprotocol where the client offers it."""
        offered = protocol.SUBPROTOCOL in self.scope.get("subprotocols", ())
        await self.accept(protocol.SUBPROTOCOL if offered else None)
        limit = self.node.conf.send_buffer
        self.sink = AsgiSink(self.send_text, self.close, limit=limit, on_stalled=self.let_go)

    async def welcome(self, identity: Identity, mark: int) -> None:
        """Send `connection` and `initial_state` together; *mark* is from before the identity was read.

        A client that is told that it is connected has its state too: while the database is busy it is told neither.
        """
        assert self.sink is not None
        now = time.monotonic()
        dialect = V1 if protocol.SUBPROTOCOL in self.scope.get("subprotocols", ()) else LEGACY
        user, audiences = identity.user, identity.audiences
        connection = Connection(self.client_id, self.sink, dialect, now, now, user, audiences, visit=self.visit)
        conf = self.node.conf
        hello = protocol.connected(self.client_id, ping_interval=conf.ping_interval, refresh_time=conf.refresh_time)
        try:
            await self.node.subscribing.greet(connection, hello)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The initial state could not be read: %s", error)
            self.end(CloseCode.TRY_LATER, "The database is busy", retry_after_ms=BUSY_RETRY_MS)
            return
        self.connection = connection
        self.node.hub.add(connection)
        self.node.revalidation.since(mark, connection)
        if self.node.draining:
            self.end(CloseCode.RESTART, "The server restarts", retry_after_ms=BUSY_RETRY_MS)
        self.visit.connected(user)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Handle one message of the client; its mistakes are answered and the connection lives on."""
        if self.sink is None:
            return
        if len(text_data or bytes_data or "") > self.node.conf.max_frame:
            self.visit.limited("frame size")
            self.end(CloseCode.TOO_BIG, "Message too big")
            return
        request_id = None
        self.visit.received.add(text_data or bytes_data or "")
        try:
            if text_data is None:
                raise InvalidMessage("Binary frames are not supported; send JSON as text.")
            message = protocol.parse(text_data)
            if logger.isEnabledFor(logging.DEBUG):
                about = {"type": type(message).__name__.lower(), "topics": getattr(message, "topics", None)}
                logger.debug("received", extra={**about, "size": size_of(text_data)})
            request_id = getattr(message, "id", None)
            await self.handle(message)
        except ClientError as problem:
            self.answer_mistake(problem, request_id)
        except (OperationalError, InterfaceError) as error:
            logger.warning("A request could not be answered: %s", error)
            busy = ClientError("unavailable", "The database is busy; try again in a moment.", temporary=True)
            self.sink.write([protocol.error(busy, request_id)])

    async def handle(self, message: ClientMessage) -> None:
        """Do what *message* asks. Raises: ClientError."""
        if self.connection is None:
            if isinstance(message, Auth):
                self.reject("The ticket or token is not valid.")
            else:
                raise ClientError("unauthorized", 'Log in first, or send {"type":"auth"} with a ticket or a token.')
            return
        self.connection.heard_at = time.monotonic()
        match message:
            case Subscribe():
                await self.node.subscribing.subscribe(self.connection, message)
            case Unsubscribe():
                self.node.subscribing.unsubscribe(self.connection, message)
            case Ping():
                self.connection.write(protocol.pong())

    def answer_mistake(self, problem: ClientError, request_id: str | int | None) -> None:
        """Send the `error`; end the connection where there were too many."""
        assert self.sink is not None
        self.sink.write([protocol.error(problem, request_id)])
        if not self.mistakes.take():
            self.visit.limited("mistakes")
            self.end(CloseCode.POLICY, "Rate limit")

    def reject(self, reason: str) -> None:
        """End a connection without valid credentials; the audit is told *reason*, the client less."""
        self.visit.unauthorized(reason)
        self.end(CloseCode.POLICY, "Unauthorized")

    def end(self, code: CloseCode, reason: str, retry_after_ms: int | None = None) -> None:
        """Send `disconnect` and close; after 1008 the client should not come back by itself."""
        if self.sink is not None:
            end = Disconnect(code, reason, retry_after_ms=retry_after_ms)
            self.sink.close(end, reconnect=code is not CloseCode.POLICY)

    def let_go(self) -> None:
        """Stop serving a client that no longer takes anything: its `websocket.disconnect` may never come."""
        self.stalled = True
        if self.serving is not None:
            self.serving.cancel()

    async def send_text(self, text: str) -> None:
        """Send one text frame; where LOG_LEVEL is DEBUG, what kind of message it is is logged, and never its text."""
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("sent", extra=outline(text))
        await self.send(text_data=text)

    async def leave(self) -> None:
        """Take the connection off the node. Safe to call twice."""
        if self.waiting is not None:
            self.waiting.cancel()
        if self.connection is not None:
            self.node.remove(self.connection)
            self.connection = None
        if self.sink is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self.sink.stop()
            self.visit.ended(self.sink.ending, self.sink.sent, self.left_with)
            self.sink = None


async def turn_away(receive: Any, send: Any) -> None:
    """Ask a client to come later, before there is a node to serve it."""
    end = Disconnect(CloseCode.TRY_LATER, "The database is busy", retry_after_ms=BUSY_RETRY_MS)
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": protocol.disconnect(end, reconnect=True)})
    await send({"type": "websocket.close", "code": PRIVATE + end.code, "reason": end.reason})
