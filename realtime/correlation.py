"""The ids by which the log lines of one request, or of one connection, belong together.

`request_id` is answered as `X-Request-ID`; `client_id` is the one that a client is told in its `connection` message.
Both are context variables of structlog, so that every line that is logged meanwhile carries them.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final

from structlog import contextvars

from realtime import conf, local_operator

HEADER: Final = b"x-request-id"
SANE: Final = re.compile(rb"[A-Za-z0-9._:=+/@-]{8,64}")
"""What is taken from a proxy: nothing that could break a line of a log, or fill it."""
PEER: Final = "aether.peer"
"""Where a server that replaces the client's address by a forwarded one leaves the address of the socket's other end."""


def request_id() -> str:
    """Return the current request's id; empty outside a request."""
    return str(contextvars.get_contextvars().get("request_id", ""))


def client_id() -> str:
    """Return the id of the current connection (WebSocket, event stream or poll); empty outside one."""
    return str(contextvars.get_contextvars().get("client_id", ""))


def bind_client(client_id: str, *, request_id: str | None = None) -> None:
    """Let what the current task logs from now on carry *client_id*, and *request_id* where it has none of its own."""
    contextvars.bind_contextvars(client_id=client_id, **({"request_id": request_id} if request_id else {}))


def noting_peer(application: Any) -> Callable[..., Any]:
    """Return an ASGI application that notes who is at the socket's other end, for whatever stands behind it."""

    async def noted(scope: Any, receive: Any, send: Any) -> None:
        if client := scope.get("client"):
            scope[PEER] = client[0]
        await application(scope, receive, send)

    return noted


def with_request_ids(application: Any) -> Callable[..., Any]:
    """Return an ASGI application under which every request has an id, and every response the header `X-Request-ID`."""

    async def identified(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await application(scope, receive, send)
            return
        identifier = _given(scope) or uuid.uuid4().hex
        header = (HEADER, identifier.encode())

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message.get("headers", ()) if pair[0].lower() != HEADER]
                message = {**message, "headers": [*others, header]}
            await send(message)

        with contextvars.bound_contextvars(request_id=identifier):
            # A WebSocket keeps what it sends by, and has no such header.
            await application(scope, receive, answer if scope["type"] == "http" else send)

    return identified


def _given(scope: Any) -> str | None:
    """Return the id that a trusted proxy gave the request, where it is sane; anyone else's is theirs alone."""
    value = next((value for name, value in scope["headers"] if name.lower() == HEADER), None)
    if value is None or not SANE.fullmatch(value) or local_operator.enabled():
        return None
    proxies = tuple(conf.value("TRUSTED_PROXIES"))
    return value.decode() if _is_among(scope.get(PEER), proxies) else None


@lru_cache(maxsize=1024)
def _is_among(peer: str | None, proxies: Sequence[str]) -> bool:
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    return any(address in ip_network(proxy) for proxy in proxies)
