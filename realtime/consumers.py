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

from realtime import auth, node, protocol
from realtime.connections import LEGACY, V1, Connection
from realtime.errors import ClientError, CloseCode, Disconnect, InvalidMessage, LimitExceeded
from realtime.frames import EXTENSION
from realtime.identity import Identity
from realtime.limits import TokenBucket
from realtime.node import Node
from realtime.protocol import Auth, ClientMessage, Ping, Subscribe, Unsubscribe
from realtime.sink import PRIVATE, AsgiSink, FrameSink

logger = logging.getLogger(__name__)

MISTAKES_PER_SECOND: Final = 1.0
MISTAKES_AT_ONCE: Final = 50.0
"""Errors answered before repeated abuse ends the connection."""
BUSY_RETRY_MS: Final = 2_000
RESUMING: Final = b"state=none"
"""The query by which a v1 client says that it goes on from its positions and needs no `initial_state`."""


class Consumer(AsyncJsonWebsocketConsumer):
    """One WebSocket connection.

    It has no channel of its own: the node is the member of a topic's group, for all of its connections.
    """

    channel_layer_alias = "the node has the channel"

    node: Node

    def __init__(self) -> None:
        super().__init__()
        self.connection: Connection | None = None
        self.sink: AsgiSink | FrameSink | None = None
        self.waiting: asyncio.TimerHandle | None = None
        self.serving: asyncio.Task[Any] | None = None
        self.stalled = False
        self.ending = False
        self.client_id = str(uuid.uuid4())
        self.messages: TokenBucket | None = None
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
        try:
            await self.serve(scope, receive, send)
        except asyncio.CancelledError:
            if not self.stalled:
                raise
        except OSError as error:  # What ASGI's `send` raises where the client has gone.
            logger.debug("%s left: %r", self.client_id, error)
        except Exception:
            logger.exception("%s: the connection failed.", self.client_id)
            self.end(CloseCode.SERVER_ERROR, "Server error")
            if self.sink is None:
                raise
            await self.sink.ended()
        finally:
            await self.leave()

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle what the client does, in this task: Channels would start another one for every event."""
        self.scope, self.base_send = scope, send
        with contextlib.suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one event, without the thread hop for database connections that nothing here uses."""
        match message["type"]:
            case "websocket.connect":
                await self.connect()
            case "websocket.receive":
                await self.receive(message.get("text"), message.get("bytes"))
            case "websocket.disconnect":
                logger.debug("%s disconnected (%s)", self.client_id, message.get("code"))
                raise StopConsumer

    async def connect(self) -> None:
        """Find out who this is before anything is sent; greet them, or wait for their `auth`."""
        if self.node.draining:
            await self.open()
            self.end(CloseCode.RESTART, "The server restarts", retry_after_ms=BUSY_RETRY_MS)
            return
        try:
            await self.node.quotas.admit(self.client_id, self.scope)
        except LimitExceeded as over:
            await self.open()
            self.refuse(over)
            return
        mark = self.node.revalidation.mark()
        try:
            identity = await auth.identify(self.node, self.scope)
        except auth.Refused as refused:
            logger.warning("A WebSocket handshake was refused: %s", refused)
            await self.close()
            return
        except auth.Unauthorized:
            await self.open()
            self.end(CloseCode.POLICY, "Unauthorized")
            return
        except (OperationalError, InterfaceError) as error:
            logger.warning("A WebSocket handshake could not be authenticated: %s", error)
            await self.open()
            self.end(CloseCode.TRY_LATER, "The database is busy", retry_after_ms=BUSY_RETRY_MS)
            return
        await self.open()
        if identity is None:
            self.waiting = asyncio.get_running_loop().call_later(
                self.node.conf.auth_timeout, self.end, CloseCode.POLICY, "Unauthorized"
            )
        else:
            await self.welcome(identity, mark)

    async def open(self) -> None:
        """Accept the handshake, with the v1 subprotocol where the client offers it."""
        offered = protocol.SUBPROTOCOL in self.scope.get("subprotocols", ())
        await self.accept(protocol.SUBPROTOCOL if offered else None)
        self.sink = self.make_sink()
        self.messages = self.node.quotas.messages()

    def make_sink(self) -> AsgiSink | FrameSink:
        """Return where messages go: to the server's frame writer, where it offers one."""
        conf = self.node.conf
        offer: Any = (self.scope.get("extensions") or {}).get(EXTENSION)
        if offer is None:
            return AsgiSink(self.send_text, self.close, limit=conf.send_buffer, on_stalled=self.let_go)
        log = self.log_sent if logger.isEnabledFor(logging.DEBUG) else None
        return FrameSink(offer["frames"], self.close, limit=conf.send_buffer, deflate_from=conf.compress_from, log=log)

    async def welcome(self, identity: Identity, mark: int, *answer: str) -> None:
        """Send *answer*, `connection` and `initial_state` together; *mark* is from before the identity was read.

        A client that is told that it is connected has its state too: while the database is busy it is told neither.
        One that comes back with its positions can do without: reading it is most of what a handshake costs.
        """
        assert self.sink is not None
        try:
            await self.node.quotas.admit_user(self.client_id, identity.user.pk)
        except LimitExceeded as over:
            self.refuse(over)
            return
        now = time.monotonic()
        dialect = V1 if protocol.SUBPROTOCOL in self.scope.get("subprotocols", ()) else LEGACY
        connection = Connection(self.client_id, self.sink, dialect, now, now, identity.user, identity.audiences)
        conf = self.node.conf
        resuming = dialect is V1 and RESUMING in self.scope.get("query_string", b"").split(b"&")
        hello = protocol.connected(
            self.client_id, ping_interval=conf.ping_interval, refresh_time=conf.refresh_time, resuming=resuming
        )
        try:
            if resuming:
                connection.write(*answer, hello)
            else:
                await self.node.subscribing.greet(connection, *answer, hello)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The initial state could not be read: %s", error)
            self.end(CloseCode.TRY_LATER, "The database is busy", retry_after_ms=BUSY_RETRY_MS)
            return
        self.connection = connection
        self.node.hub.add(connection)
        self.node.revalidation.watch(connection, identity.credential, mark)
        if self.node.draining:
            self.end(CloseCode.RESTART, "The server restarts", retry_after_ms=BUSY_RETRY_MS)
        logger.debug("%s connected as %s", self.client_id, identity.user)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Handle one message of the client; its mistakes are answered and the connection lives on."""
        if self.sink is None or self.messages is None or self.ending:
            return
        if not self.messages.take():
            self.refuse(self.node.quotas.too_many_messages(self.client_id))
            return
        if len(text_data or bytes_data or "") > self.node.conf.max_frame:
            self.end(CloseCode.TOO_BIG, "Message too big")
            return
        request_id = None
        try:
            if text_data is None:
                raise InvalidMessage("Binary frames are not supported; send JSON as text.")
            logger.debug("%s received %s", self.client_id, protocol.without_secrets(text_data))
            message = protocol.parse(text_data)
            request_id = getattr(message, "id", None)
            await self.handle(message)
        except ClientError as problem:
            self.answer_mistake(problem, request_id)
        except (OperationalError, InterfaceError) as error:
            logger.warning("%s: a request could not be answered: %s", self.client_id, error)
            busy = ClientError("unavailable", "The database is busy; try again in a moment.", temporary=True)
            self.sink.write([protocol.error(busy, request_id)])

    async def handle(self, message: ClientMessage) -> None:
        """Do what *message* asks. Raises: ClientError."""
        if isinstance(message, Auth):
            await self.authenticate(message)
            return
        if self.connection is None:
            raise ClientError("unauthorized", 'Log in first, or send {"type":"auth"} with a ticket or a token.')
        self.connection.heard_at = time.monotonic()
        match message:
            case Subscribe():
                await self.node.subscribing.subscribe(self.connection, message)
            case Unsubscribe():
                self.node.subscribing.unsubscribe(self.connection, message)
            case Ping():
                self.connection.write(protocol.pong())

    async def authenticate(self, message: Auth) -> None:
        """Let a connection in by its first `auth`, or let it go on by a fresh credential of the same user.

        Raises: ClientError, where that is refused; the credential from before still counts.
        """
        mark = self.node.revalidation.mark()
        try:
            identity = await self.node.run(auth.identify_by, message)
        except auth.Unauthorized as unauthorized:
            if self.connection is not None:
                raise ClientError("unauthorized", f"auth: {unauthorized}") from unauthorized
            self.end(CloseCode.POLICY, "Unauthorized")
            return
        answer = protocol.authenticated(identity.credential.expires_at)
        if self.connection is None:
            if self.waiting is not None:
                self.waiting.cancel()
            await self.welcome(identity, mark, answer)
        elif identity.user.pk != self.connection.user.pk:
            raise ClientError("forbidden", "auth: a connection stays with its user; open another one.")
        else:
            self.connection.heard_at = time.monotonic()
            self.node.revalidation.watch(self.connection, identity.credential, mark)
            self.connection.write(answer)

    def answer_mistake(self, problem: ClientError, request_id: str | int | None) -> None:
        """Send the `error`; end the connection where there were too many."""
        assert self.sink is not None
        self.sink.write([protocol.error(problem, request_id)])
        if not self.mistakes.take():
            self.end(CloseCode.POLICY, "Rate limit")

    def refuse(self, over: LimitExceeded) -> None:
        """Name the limit that was exceeded, and close."""
        if self.sink is not None:
            self.sink.write([protocol.error(over.error)])
            self.end(over.code, over.reason, over.retry_after_ms)

    def end(self, code: CloseCode, reason: str, retry_after_ms: int | None = None) -> None:
        """Send `disconnect` and close; after 1008 the client should not come back by itself."""
        if self.sink is not None:
            self.ending = True
            end = Disconnect(code, reason, retry_after_ms=retry_after_ms)
            self.sink.close(end, reconnect=code is not CloseCode.POLICY)

    def let_go(self) -> None:
        """Stop serving a client that no longer takes anything: its `websocket.disconnect` may never come."""
        self.stalled = True
        if self.serving is not None:
            self.serving.cancel()

    async def send_text(self, text: str) -> None:
        """Send one text frame; logged where LOG_LEVEL is DEBUG."""
        self.log_sent(text)
        await self.send(text_data=text)

    def log_sent(self, text: str) -> None:
        """Log a message to this client; where LOG_LEVEL is DEBUG."""
        logger.debug("%s sent %s", self.client_id, text)

    async def leave(self) -> None:
        """Take the connection off the node. Safe to call twice."""
        if self.waiting is not None:
            self.waiting.cancel()
        if self.connection is not None:
            self.node.remove(self.connection)
            self.connection = None
        self.node.quotas.release(self.client_id)
        if self.sink is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self.sink.stop()
            self.sink = None


async def turn_away(receive: Any, send: Any) -> None:
    """Ask a client to come later, before there is a node to serve it."""
    end = Disconnect(CloseCode.TRY_LATER, "The database is busy", retry_after_ms=BUSY_RETRY_MS)
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": protocol.disconnect(end, reconnect=True)})
    await send({"type": "websocket.close", "code": PRIVATE + end.code, "reason": end.reason})
