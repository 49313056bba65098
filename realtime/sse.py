"""The same streams without WebSocket: `text/event-stream`, and a long poll.

Both are plain ASGI applications in front of Django's, since a response that lasts for hours has no use for its
middleware. Authentication, topics, positions and fan-out are the node's, as for WebSocket.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
import logging
import time
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from realtime import correlation
from realtime.api.authentication import CHALLENGES
from realtime.events import Problem, close_stream, open_stream

logger = logging.getLogger(__name__)

HEARTBEAT: Final = 15.0
"""Seconds after which an idle stream says where it is, so that proxies keep it and a resume starts late."""
SEND_PATIENCE: Final = 20.0
"""Seconds that a client has to take what it is sent."""
RETRY_MS: Final = 2_000
MAX_WAIT: Final = 60.0
"""Seconds that a poll may wait at most."""
OWN: Final = ('{"type":"subscription"', '{"type":"ping"')
"""What concerns the connection, which a poll has only for itself, and not its topics."""
STREAM_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
]


async def stream(scope: Any, receive: Any, send: Any) -> None:
    """Answer `GET /api/v1/stream?topics=a,b`: the topics' state, then what comes, until the client goes."""
    try:
        topics = _query(scope).get("topics", "")
        last = _header(scope, b"last-event-id")
        here, connection, sink = await open_stream(scope, topics, last, transport="sse")
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
                if not taken:
                    sink.positions.update(here.subscribing.positions(connection, connection.subscriptions))
                parts = [f"id: {at}\ndata: {text}\n\n" for at, text in taken] or [f"id: {sink.cursor}\n\n"]
                connection.heard_at = time.monotonic()
                async with asyncio.timeout(SEND_PATIENCE):
                    await _send_part(send, "".join(parts))
                if sink.closed and not taken:
                    break
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})
    except TimeoutError:
        logger.info("A client did not take its events; the stream was ended.")
    finally:
        close_stream(here, connection)


async def changes(scope: Any, receive: Any, send: Any) -> None:
    """Answer `GET /api/v1/changes?topics=a,b&since=<cursor>&wait=25` at once, or when something comes."""
    query = _query(scope)
    try:
        wait = _wait(query.get("wait", "25"))
        topics, since = query.get("topics", ""), query.get("since")
        here, connection, sink = await open_stream(scope, topics, since, transport="poll")
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
        close_stream(here, connection)


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
    if identifier := correlation.request_id():
        body["request_id"] = identifier
    await _answer(send, problem.status, b"application/problem+json", json.dumps(body), problem.retry_after)


async def _answer(send: Any, status: int, content_type: bytes, body: str, retry_after: int | None = None) -> None:
    headers = [
        (b"content-type", content_type),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", CHALLENGES.encode()))
    if retry_after is not None or status == 503:
        headers.append((b"retry-after", str(retry_after or 2).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
