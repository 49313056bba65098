"""The same streams without WebSocket: `text/event-stream`, and a long poll.

Both are plain ASGI applications in front of Django's, since a response that lasts for hours has no use for its
middleware. Authentication, topics, positions and fan-out are the node's, as for WebSocket.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
import logging
import time
import uuid
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from django.db import InterfaceError, OperationalError

from realtime import auth, cursor, node, protocol, wishes
from realtime.connections import EVENTS, Connection
from realtime.errors import ClientError, Disconnect, TopicDenied
from realtime.identity import Identity
from realtime.node import Node
from realtime.protocol import Position, Subscribe
from realtime.topics import ALL

logger = logging.getLogger(__name__)

HEARTBEAT: Final = 15.0
"""Seconds after which an idle stream says where it is, so that proxies keep it and a resume starts late."""
RETRY_MS: Final = 2_000
MAX_WAIT: Final = 60.0
"""Seconds that a poll may wait at most."""
OWN: Final = ('{"type":"subscription"', '{"type":"ping"')
"""What concerns the connection, which a poll has only for itself, and not its topics."""
STREAM_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Problem(Exception):
    """An answer other than 200, as application/problem+json (RFC 9457)."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class EventSink:
    """Collect a connection's messages, each with the cursor that holds after it."""

    def __init__(self, user_id: Any, positions: dict[str, Position], *, limit: int) -> None:
        self.positions = positions
        self.closed = False
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
        """Queue *texts*; over the limit the stream ends instead, and the client resumes from its cursor."""
        for text in texts:
            self._size += len(text)
            if self.closed or (self._waiting and self._size > self._limit):
                self.closed = True
                break
            self._move(text)
            self._waiting.append((self.cursor, text))
        self._changed.set()

    def close(self, end: Disconnect, *, reconnect: bool) -> None:
        """Let the stream end after what is queued and a `disconnect`."""
        if not self.closed:
            self.write([protocol.disconnect(end, reconnect=reconnect)])
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


async def stream(scope: Any, receive: Any, send: Any) -> None:
    """Answer `GET /api/v1/stream?topics=a,b`: the topics' state, then what comes, until the client goes."""
    here = await node.running()
    try:
        connection, sink = await _open(here, scope, _header(scope, b"last-event-id"))
    except Problem as problem:
        await _answer_problem(send, problem)
        return
    try:
        await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
        await _send_part(send, f"retry: {RETRY_MS}\n\n")
        gone = asyncio.create_task(_gone(receive))
        try:
            while not gone.done():
                taken = await sink.take(HEARTBEAT)
                parts = [f"id: {at}\ndata: {text}\n\n" for at, text in taken] or [f"id: {sink.cursor}\n\n"]
                connection.heard_at = time.monotonic()
                await _send_part(send, "".join(parts))
                if sink.closed and not taken:
                    break
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})
    finally:
        here.remove(connection)


async def changes(scope: Any, receive: Any, send: Any) -> None:
    """Answer `GET /api/v1/changes?topics=a,b&since=<cursor>&wait=25` at once, or when something comes."""
    here = await node.running()
    query = _query(scope)
    try:
        wait = _wait(query.get("wait", "25"))
        connection, sink = await _open(here, scope, query.get("since"))
    except Problem as problem:
        await _answer_problem(send, problem)
        return
    try:
        taken = await sink.take(0)
        until = time.monotonic() + wait
        while not (_news(taken) or sink.closed) and (left := until - time.monotonic()) > 0:
            taken += await sink.take(left)
        texts = ",".join(text for _, text in taken if not text.startswith(OWN))
        body = f'{{"messages":[{texts}],"cursor":{json.dumps(sink.cursor)}}}'
        await _answer(send, 200, b"application/json", body)
    finally:
        here.remove(connection)


async def _open(here: Node, scope: Any, since: str | None) -> tuple[Connection, EventSink]:
    """Return a connection that is subscribed to the topics the query asks for.

    A cursor that cannot be read gets what any other lost position gets: a reset and a snapshot. Raises: Problem.
    """
    if scope["method"] != "GET":
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is answered here.")
    names = [name for name in _query(scope).get("topics", "").split(",") if name]
    identity, mark = await _identify(here, scope)
    held = cursor.read(identity.user.pk, since) if since else None
    if since and held is None:
        held = {name.partition(":")[0]: Position(0, "unreadable") for name in names}
    sink = EventSink(identity.user.pk, dict(held or {}), limit=here.conf.send_buffer)
    now = time.monotonic()
    connection = Connection(str(uuid.uuid4()), sink, EVENTS, now, now, identity.user, identity.audiences)
    here.hub.add(connection)
    here.revalidation.since(mark, connection)
    try:
        await _subscribe(here, connection, names, held or {})
    except ClientError as problem:
        here.remove(connection)
        status = HTTPStatus.FORBIDDEN if isinstance(problem, TopicDenied) else HTTPStatus.BAD_REQUEST
        raise Problem(status, problem.message) from problem
    except (OperationalError, InterfaceError) as error:
        here.remove(connection)
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database is busy; try again in a moment.") from error
    return connection, sink


async def _subscribe(here: Node, connection: Connection, names: list[str], held: dict[str, Position]) -> None:
    """Subscribe to topics: those with a position from there, the others with a snapshot. Raises: ClientError."""
    asked = protocol.topics_of(names)
    _, errors = wishes.known(asked)
    if errors:
        raise errors[0]
    resumed = tuple(name for name in asked if name.partition(":")[0] in held or (held and name == ALL))
    fresh = tuple(name for name in asked if name not in resumed)
    if resumed:
        await here.subscribing.subscribe(connection, Subscribe(resumed, since=held))
    if fresh:
        await here.subscribing.subscribe(connection, Subscribe(fresh, snapshot=True))


async def _identify(here: Node, scope: Any) -> tuple[Identity, int]:
    mark = here.revalidation.mark()
    try:
        identity = await here.run(auth.identify, scope)
    except auth.Refused as refused:
        raise Problem(HTTPStatus.FORBIDDEN, str(refused)) from refused
    except auth.Unauthorized as unauthorized:
        raise Problem(HTTPStatus.UNAUTHORIZED, str(unauthorized)) from unauthorized
    except (OperationalError, InterfaceError) as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database is busy; try again in a moment.") from error
    if identity is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Log in first.")
    return identity, mark


def _news(taken: list[tuple[str, str]]) -> bool:
    """Say whether a poll should answer now. The count, which every poll is told anew, can wait for something else."""
    return any(not text.startswith((*OWN, '{"type":"unread_count"')) for _, text in taken)


def _wait(value: str) -> float:
    try:
        return min(max(float(value), 0.0), MAX_WAIT)
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, f"wait: a number of seconds up to {MAX_WAIT:.0f} is expected.") from None


def _query(scope: Any) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()}


def _header(scope: Any, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), None)


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_part(send: Any, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _answer_problem(send: Any, problem: Problem) -> None:
    body = {"type": "about:blank", "title": problem.status.phrase, "status": problem.status, "detail": str(problem)}
    await _answer(send, problem.status, b"application/problem+json", json.dumps(body))


async def _answer(send: Any, status: int, content_type: bytes, body: str) -> None:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
    if status == 401:
        headers.append((b"www-authenticate", b"Session"))
    if status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
