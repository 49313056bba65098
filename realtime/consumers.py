"""The WebSocket edge: an adapter between Channels' consumer and the node, nothing else."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable
from typing import Any, Final

from channels.exceptions import StopConsumer
from django.db import InterfaceError, OperationalError

from realtime import auth, correlation, entrance, node, protocol
from realtime.connections import LEGACY, V1, Connection
from realtime.errors import ClientError, CloseCode, Disconnect, LimitExceeded
from realtime.identity import Identity
from realtime.outbound import Outbound
from realtime.protocol import Auth, ClientMessage, Ping, Subscribe, Unsubscribe
from realtime.sink import FrameSink
from realtime.visits import Visit

logger = logging.getLogger(__name__)

RESUMING: Final = b"state=none"
"""The query by which a v1 client says that it goes on from its positions and needs no `initial_state`."""


class Consumer(Outbound):
    """One WebSocket connection.

    It has no channel of its own: the node is the member of a topic's group, for all of its connections.
    """

    channel_layer_alias = "the node has the channel"

    def __init__(self) -> None:
        super().__init__()
        self.connection: Connection | None = None
        self.waiting: asyncio.TimerHandle | None = None
        self.client_id = str(uuid.uuid4())
        self.request_id = ""
        self.left_with: int | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection and leave nothing of it behind, however it ends."""
        try:
            self.node = await node.running()
        except (OperationalError, InterfaceError) as error:
            end = entrance.busy("The node cannot start, so a client was asked to come later", error)
            await entrance.turn_away(receive, send, end)
            return
        self.serving = asyncio.current_task()
        self.visit = Visit.of(scope, "websocket")
        self.request_id = correlation.request_id()
        correlation.bind_client(self.client_id)
        self.scope, self.base_send = scope, send
        await self.attend(self.serve(receive))

    async def attend(self, work: Awaitable[bool]) -> bool:
        """Do *work*, which says whether the connection goes on; where not, or it fails, leave nothing behind."""
        goes_on = False
        try:
            goes_on = await work
        except asyncio.CancelledError:
            if not self.stalled:
                raise
        except OSError as error:  # What ASGI's `send` raises where the client has gone.
            logger.debug("The client left: %r", error)
        except Exception:
            logger.exception("The connection failed.")
            self.end(Disconnect(CloseCode.SERVER_ERROR, "Server error"))
            if self.sink is None:
                raise
            await self.sink.ended()
        finally:
            if not goes_on:
                await self.leave()
        return goes_on

    async def serve(self, receive: Any) -> bool:
        """Handle what the client does, in this task: Channels would start another one for every event.

        Where the server can do without a task for each connection, that is all of the handshake.
        """
        goes_on = await self.handle_event(await receive())
        if goes_on and isinstance(self.sink, FrameSink):
            self.serving = None
            self.sink.detach(self.resume)
            return True
        while goes_on:
            goes_on = await self.handle_event(await receive())
        return False

    async def resume(self, message: dict[str, Any]) -> bool:
        """Handle one event of a connection without a task; say whether it goes on."""
        correlation.bind_client(self.client_id, request_id=self.request_id)
        return await self.attend(self.handle_event(message))

    async def handle_event(self, message: dict[str, Any]) -> bool:
        """Handle one event; say whether the connection goes on."""
        with contextlib.suppress(StopConsumer):
            await self.dispatch(message)
            return True
        return False

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
            await self.open_to_end(entrance.restarting())
            return
        try:
            identity, mark = await entrance.enter(self.node, self.client_id, self.scope, self.visit)
        except auth.Refused:
            await self.close()
        except auth.Unauthorized:
            await self.open_to_end(entrance.unauthorized())
        except LimitExceeded as over:
            await self.open_to_end(over)
        except (OperationalError, InterfaceError) as error:
            await self.open_to_end(entrance.busy("A WebSocket handshake could not be authenticated", error))
        else:
            await self.open()
            if identity is not None:
                await self.welcome(identity, mark)
                return
            patience, why = self.node.conf.auth_timeout, "No credentials came in time."
            self.waiting = asyncio.get_running_loop().call_later(patience, self.reject, why)

    async def welcome(self, identity: Identity, mark: int, *answer: str) -> None:
        """Send *answer*, `connection` and `initial_state` together; *mark* is from before the identity was read.

        A client that is told that it is connected has its state too: while the database is busy it is told neither.
        One that comes back with its positions can do without: reading it is most of what a handshake costs.
        """
        assert self.sink is not None
        now = time.monotonic()
        dialect = V1 if protocol.SUBPROTOCOL in self.scope.get("subprotocols", ()) else LEGACY
        user, audiences = identity.user, identity.audiences
        connection = Connection(self.client_id, self.sink, dialect, now, now, user, audiences, visit=self.visit)
        conf = self.node.conf
        resuming = dialect is V1 and RESUMING in self.scope.get("query_string", b"").split(b"&")
        hello = protocol.connected(
            self.client_id,
            ping_interval=conf.ping_interval,
            refresh_time=conf.refresh_time,
            user=user.get_username(),
            resuming=resuming,
        )
        try:
            if resuming:
                connection.write(*answer, hello)
            else:
                await self.node.subscribing.greet(connection, *answer, hello)
        except (OperationalError, InterfaceError) as error:
            self.end(entrance.busy("The initial state could not be read", error))
            return
        self.connection = connection
        self.node.hub.add(connection)
        self.node.revalidation.watch(connection, identity.credential, mark)
        if self.node.draining:
            self.end(entrance.restarting())
        self.visit.connected(user)
        self.scope = {}  # type: ignore[typeddict-item]  # It was read, and would stay as long as the connection.

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        """Handle one message of the client; its mistakes are answered and the connection lives on."""
        if self.sink is None or self.inbound is None or self.sink.ending is not None:
            return
        request_id = None
        try:
            message = self.inbound.read(text_data, bytes_data)
            request_id = getattr(message, "id", None)
            await self.handle(message)
        except Disconnect as end:
            self.end(end)
        except ClientError as problem:
            self.sink.write([protocol.error(problem, request_id)])
            if enough := self.inbound.too_many_mistakes():
                self.end(enough)
        except (OperationalError, InterfaceError) as error:
            logger.warning("A request could not be answered: %s", error)
            busy = ClientError("unavailable", "The database is busy; try again in a moment.", temporary=True)
            self.sink.write([protocol.error(busy, request_id)])

    async def handle(self, message: ClientMessage) -> None:
        """Do what *message* asks. Raises: ClientError, LimitExceeded."""
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

        Raises: ClientError, where that is refused, the credential from before still counts; LimitExceeded.
        """
        mark = self.node.revalidation.mark()
        try:
            identity = await self.node.run(auth.identify_by, message)
        except auth.Unauthorized as unauthorized:
            if self.connection is None:
                self.reject(str(unauthorized))
                return
            self.visit.unauthorized(str(unauthorized))
            raise ClientError("unauthorized", f"auth: {unauthorized}") from unauthorized
        if self.sink is None or self.sink.ending is not None:  # It came too late.
            return
        self.visit.identified(identity, by_ticket=message.ticket is not None)
        answer = protocol.authenticated(identity.credential.expires_at)
        if self.connection is None:
            if self.waiting is not None:
                self.waiting.cancel()
            await entrance.count_user(self.node, self.client_id, identity, self.visit)
            await self.welcome(identity, mark, answer)
        elif identity.user.pk != self.connection.user.pk:
            raise ClientError("forbidden", "auth: a connection stays with its user; open another one.")
        else:
            self.connection.heard_at = time.monotonic()
            self.node.revalidation.watch(self.connection, identity.credential, mark)
            self.connection.write(answer)

    def reject(self, reason: str) -> None:
        """End a connection without valid credentials; the audit is told *reason*, the client less."""
        self.visit.unauthorized(reason)
        self.end(entrance.unauthorized())

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
            self.visit.ended(self.sink.ending, self.sink.sent, self.left_with)
            self.sink = None
