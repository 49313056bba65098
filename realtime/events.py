"""A connection without a WebSocket: its queue of messages, each with the cursor that holds after it."""

import asyncio
import json
import math
import time
import uuid
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from django.db import InterfaceError, OperationalError

from realtime import auth, correlation, cursor, entrance, node, protocol, topics, wishes
from realtime.connections import EVENTS, Connection
from realtime.counters import counters
from realtime.errors import ClientError, CloseCode, Disconnect, LimitExceeded, TopicDenied
from realtime.identity import Identity
from realtime.node import Node
from realtime.protocol import Position, Subscribe
from realtime.topics import ALL
from realtime.visits import Traffic, Visit

STATE: Final = ('{"type":"reset"', '{"type":"snapshot"', '{"type":"subscription"')
"""How messages begin that tell where a client is."""
BUSY: Final = "The database is busy; try again in a moment."
RETRY: Final = 60
"""Seconds after which a client may try again that has too many connections: by then it may have fewer."""


class Problem(Exception):
    """An answer other than 200, as application/problem+json (RFC 9457)."""

    def __init__(self, status: HTTPStatus, detail: str, *, retry_after: int | None = None) -> None:
        """Take the answer's parts; *retry_after* is in seconds."""
        super().__init__(detail)
        self.status = status
        self.retry_after = retry_after


class EventSink:
    """Collect a connection's messages, each with the cursor that holds after it."""

    def __init__(self, user_id: Any, positions: dict[str, Position], *, limit: int) -> None:
        self.positions = positions
        self.closed = False
        self.sent = Traffic()
        self.ending: Disconnect | None = None
        self._user_id = user_id
        self._limit = limit
        self._size = 0
        self._waiting: deque[tuple[str, str]] = deque()
        self._changed = asyncio.Event()

    @property
    def cursor(self) -> str:
        """The cursor that holds now."""
        return cursor.write(self._user_id, self.positions)

    def write(self, texts: Sequence[str]) -> None:
        """Queue *texts*; over the limit the stream ends instead, and the client resumes from its cursor.

        A state counts for nothing: without it the cursor would not move, and the client would ask for it for ever.
        """
        for text in texts:
            self._size += 0 if text.startswith(STATE) else len(text)
            if self.closed or (self._waiting and self._size > self._limit):
                counters.closes.add(str(CloseCode.SLOW_CONSUMER.value), count=not self.closed)
                self.closed = True
                self.ending = self.ending or Disconnect(CloseCode.SLOW_CONSUMER, "Slow consumer")
                break
            self._move(text)
            self.sent.add(text)
            self._waiting.append((self.cursor, text))
        self._changed.set()

    def close(self, end: Disconnect, *, reconnect: bool) -> None:
        """Let the stream end after what is queued and a `disconnect`."""
        if not self.closed:
            self.ending = end
            self.write([protocol.disconnect(end, reconnect=reconnect)])
            counters.closes.add(str(end.code.value), count=not self.closed)
            self.closed = True

    async def drained(self) -> None:
        """Return at once: what is over the limit ends this answer, and the next one goes on from its cursor."""

    async def take(self, patience: float) -> list[tuple[str, str]]:
        """Return what is queued, each with its cursor; wait up to *patience* seconds where nothing is."""
        if not self._waiting and not self.closed:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), patience)
            except TimeoutError:
                return []
        taken = list(self._waiting)
        self._waiting.clear()
        self._size = 0
        return taken

    def _move(self, text: str) -> None:
        """Note the position that a message stands for."""
        if text.startswith(('{"type":"subscription"', '{"type":"snapshot"')):
            for name, held in json.loads(text).get("positions", {}).items():
                self.positions[name.partition(":")[0]] = Position(held["offset"], held["epoch"])
        elif (spliced := protocol.spliced(text)) and (held := self.positions.get(spliced[0])):
            self.positions[spliced[0]] = Position(max(spliced[1], held.offset), held.epoch)


async def open_stream(
    scope: Any, topics_asked: str, since: str | None, *, transport: str
) -> tuple[Node, Connection, EventSink]:
    """Return a connection of this process's node that is subscribed to the topics in *topics_asked* (`a,b`).

    The audit tells of it as *transport*; whoever gets the connection ends it with `close_stream`.

    A cursor that cannot be read gets what any other lost position gets: a reset and a snapshot. Raises: Problem.
    """
    if scope["method"] != "GET":
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is answered here.")
    names = [name for name in topics_asked.split(",") if name]
    try:
        here = await node.running()
    except (OperationalError, InterfaceError) as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, BUSY) from error
    client_id = str(uuid.uuid4())
    correlation.bind_client(client_id)
    visit = Visit.of(scope, transport)
    try:
        identity, mark = await _admit(here, client_id, scope, visit)
    except BaseException:
        here.quotas.release(client_id)
        raise
    held = cursor.read(identity.user.pk, since) if since else None
    if since and held is None:
        held = {stream: Position(0, "unreadable") for name in names for stream in _streams(name)}
    sink = EventSink(identity.user.pk, dict(held or {}), limit=here.conf.send_buffer)
    now = time.monotonic()
    connection = Connection(client_id, sink, EVENTS, now, now, identity.user, identity.audiences, visit=visit)
    visit.connected(identity.user)
    here.hub.add(connection)
    here.revalidation.watch(connection, identity.credential, mark)
    try:
        await _subscribe(here, connection, names, held or {})
    except ClientError as problem:
        close_stream(here, connection)
        status = HTTPStatus.FORBIDDEN if isinstance(problem, TopicDenied) else HTTPStatus.BAD_REQUEST
        raise Problem(status, problem.message) from problem
    except (OperationalError, InterfaceError) as error:
        close_stream(here, connection)
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, BUSY) from error
    return here, connection, sink


def close_stream(here: Node, connection: Connection) -> None:
    """Take the connection off its node."""
    here.remove(connection)
    connection.visit.ended(connection.sink.ending, connection.sink.sent)


async def _subscribe(here: Node, connection: Connection, names: list[str], held: dict[str, Position]) -> None:
    """Subscribe to topics: those with a position from there, the others with a snapshot. Raises: ClientError."""
    asked = protocol.topics_of(names)
    _, errors = wishes.known(asked)
    if errors:
        raise errors[0]
    resumed = tuple(name for name in asked if any(stream in held for stream in _streams(name)))
    fresh = tuple(name for name in asked if name not in resumed)
    if resumed:
        await here.subscribing.subscribe(connection, Subscribe(resumed, since=held))
    if fresh:
        await here.subscribing.subscribe(connection, Subscribe(fresh, snapshot=True))
    # `all` may stand for more topics than the cursor was made for.
    missing = tuple(stream for stream in connection.subscriptions if ALL in resumed and stream not in held)
    if missing:
        await here.subscribing.subscribe(connection, Subscribe(missing, snapshot=True))


def _streams(name: str) -> list[str]:
    """Return the streams that a topic's name stands for."""
    return list(topics.registered()) if name == ALL else [name.partition(":")[0]]


async def _admit(here: Node, client_id: str, scope: Any, visit: Visit) -> tuple[Identity, int]:
    """Return who asks, once nothing stands in the way. Raises: Problem."""
    try:
        identity, mark = await entrance.enter(here, client_id, scope, visit)
    except LimitExceeded as over:
        full = over.limit == "connections"  # The server's own limit and not the client's.
        status = HTTPStatus.SERVICE_UNAVAILABLE if full else HTTPStatus.TOO_MANY_REQUESTS
        retry = RETRY if over.code is CloseCode.POLICY else math.ceil((over.retry_after_ms or 0) / 1000)
        raise Problem(status, over.message, retry_after=retry) from over
    except auth.Refused as refused:
        raise Problem(HTTPStatus.FORBIDDEN, str(refused)) from refused
    except auth.Unauthorized as unauthorized:
        raise Problem(HTTPStatus.UNAUTHORIZED, str(unauthorized)) from unauthorized
    except (OperationalError, InterfaceError) as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, BUSY) from error
    if identity is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Log in first.")
    return identity, mark
