"""The wire, version 1: client frames in, server frames out. Pure: text to dataclasses, and values to text.

docs/protocol.md describes every message. Unknown keys and types are ignored on both sides, so that either may be newer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from realtime.errors import ClientError, Disconnect, InvalidMessage

SUBPROTOCOL: Final = "aether.v1.json"
VERSION: Final = 1
MAX_TOPICS: Final = 100
MAX_NAME: Final = 200
Precision = Literal["milliseconds", "microseconds"]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a client has come on a topic: the last offset, and the epoch in which offsets are comparable."""

    offset: int
    epoch: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Ask for topics, from `since` where given, with a snapshot of each where asked for."""

    topics: tuple[str, ...]
    id: str | int | None = None
    since: Mapping[str, Position] = field(default_factory=dict)
    snapshot: bool = False


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Ask for topics no longer."""

    topics: tuple[str, ...]
    id: str | int | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a pong."""


@dataclass(frozen=True, slots=True)
class Auth:
    """Credentials in a message, where headers cannot carry them."""

    ticket: str | None
    token: str | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message of a type this server does not know; it still shows that the client is alive."""


ClientMessage = Subscribe | Unsubscribe | Ping | Auth | Ignored


def parse(text: str) -> ClientMessage:
    """Return the message that *text* holds.

    Raises: InvalidMessage, which names what is wrong and what is expected.
    """
    message = _json_object(text)
    kind = message.get("type")
    if not isinstance(kind, str):
        raise InvalidMessage('type: a text is required, as in {"type":"ping"}.')
    match kind:
        case "subscribe":
            return Subscribe(
                topics_of(message.get("topics")), _request_id(message), _since(message), message.get("snapshot") is True
            )
        case "unsubscribe":
            return Unsubscribe(topics_of(message.get("topics")), _request_id(message))
        case "ping":
            return Ping()
        case "auth":
            return _auth(message)
        case _:
            return Ignored()


def _json_object(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text, parse_constant=_no_constant)
        if "\\ud" in text.lower():  # Half a surrogate pair can be spelled so, and no frame could carry it back.
            json.dumps(message, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidMessage(f"The message is not JSON: {_shown(error)}.") from None
    if not isinstance(message, dict):
        raise InvalidMessage("The message must be a JSON object.")
    return message


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _shown(error: Exception) -> str:
    return "half a surrogate pair is no text" if isinstance(error, UnicodeError) else str(error)[:200]


def topics_of(topics: Any) -> tuple[str, ...]:
    """Return *topics* without repetitions, where they are a list of topic names. Raises: InvalidMessage."""
    if not isinstance(topics, list) or not all(isinstance(name, str) for name in topics):
        raise InvalidMessage('topics: a list of texts is required, as in ["notifications"].')
    if not topics:
        raise InvalidMessage("topics: at least one topic is required.")
    if len(topics) > MAX_TOPICS:
        raise InvalidMessage(f"topics: at most {MAX_TOPICS} topics in one message; there were {len(topics)}.")
    if any(len(name) > MAX_NAME for name in topics):
        raise InvalidMessage(f"topics: a topic has at most {MAX_NAME} characters.")
    return tuple(dict.fromkeys(topics))


def _request_id(message: Mapping[str, Any]) -> str | int | None:
    value = message.get("id")
    if value is None or (isinstance(value, str) and len(value) <= 64):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    raise InvalidMessage("id: a text of at most 64 characters or a number is expected.")


def _since(message: Mapping[str, Any]) -> dict[str, Position]:
    since = message.get("since")
    if since is None:
        return {}
    if not isinstance(since, dict) or len(since) > MAX_TOPICS:
        raise InvalidMessage(f"since: an object of at most {MAX_TOPICS} positions by topic is expected.")
    return {name: _position(name, value) for name, value in since.items()}


def _position(name: str, value: Any) -> Position:
    match value:
        case {"offset": int(offset), "epoch": str(epoch)} if 0 <= offset < 2**53 and not isinstance(offset, bool):
            return Position(offset, epoch)
    raise InvalidMessage(f'since: {name[:80]!r} needs {{"offset": number, "epoch": text}}.')


def _auth(message: Mapping[str, Any]) -> Auth:
    given = {key: message[key] for key in ("ticket", "token") if message.get(key) is not None}
    if len(given) != 1 or not all(isinstance(value, str) for value in given.values()):
        raise InvalidMessage("auth: a ticket or a token is required, as a text.")
    return Auth(given.get("ticket"), given.get("token"))


# Server → client


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(message: Any) -> str:
    """Return *message* as the JSON text that goes into a frame."""
    return _ENCODER.encode(message)


def timestamp(now: datetime | None = None, *, precision: Precision = "milliseconds") -> str:
    """Return *now* (by default the current time) as RFC 3339 in UTC with `Z`.

    Of one precision all have the same width, so that their order as text is their order in time.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def splice(body: str, topic: str, offset: int) -> str:
    """Return a stored *body* (a non-empty JSON object as text) with its topic and offset added."""
    return f'{body[:-1]},"topic":"{topic}","offset":{offset}}}'


def spliced(text: str) -> tuple[str, int] | None:
    """Return the topic and the offset that `splice` added to *text*; None where it is no such message."""
    head, found, offset = text.rpartition(',"offset":')
    if not found or not offset[:-1].isdecimal():
        return None
    return head.rpartition(',"topic":"')[2][:-1], int(offset[:-1])


def batch(texts: Sequence[str]) -> str:
    """Return one message that carries several, for clients of the v1 subprotocol."""
    return f'{{"type":"batch","messages":[{",".join(texts)}]}}'


def connected(
    client_id: str, *, ping_interval: float, refresh_time: float, user: str = "", resuming: bool = False
) -> str:
    """Return the first message of a connection; the times are in seconds and go out in milliseconds.

    *user* is whose it is: a browser's session may have become another person's. *resuming* tells the client that no
    `initial_state` follows, as it asked.
    """
    message: dict[str, Any] = {
        "type": "connection",
        "status": "connected",
        "client_id": client_id,
        "timestamp": timestamp(),
        "protocol": VERSION,
        "ping_interval": round(ping_interval * 1000),
        "refresh_time": round(refresh_time * 1000),
        "user": user,
    }
    return encode(message | {"initial_state": False} if resuming else message)


def authenticated(expires_at: datetime | None) -> str:
    """Return the answer to `auth`; the time is when the credential ends, null where it does not."""
    ends = None if expires_at is None else timestamp(expires_at)
    return encode({"type": "auth", "status": "ok", "expires_at": ends})


def pong() -> str:
    """Return the answer to a ping."""
    return encode({"type": "pong", "timestamp": timestamp()})


def error(problem: ClientError, request_id: str | int | None = None) -> str:
    """Return the answer to a client's mistake; the connection lives on."""
    message: dict[str, Any] = {
        "type": "error",
        "code": problem.code,
        "message": problem.message,
        "temporary": problem.temporary,
    }
    if request_id is not None:
        message["id"] = request_id
    return encode(message)


def disconnect(end: Disconnect, *, reconnect: bool) -> str:
    """Return the message that goes before a close, since browsers may not see the close's reason."""
    message: dict[str, Any] = {
        "type": "disconnect",
        "code": end.code.value,
        "reason": end.reason,
        "reconnect": reconnect,
    }
    if end.retry_after_ms is not None:
        message["retry_after_ms"] = end.retry_after_ms
    return encode(message)


def positions(held: Mapping[str, Position]) -> dict[str, dict[str, Any]]:
    """Return positions in the form the wire has them."""
    return {topic: {"offset": position.offset, "epoch": position.epoch} for topic, position in held.items()}


def parts(legacy: str) -> list[str]:
    """Return the messages of a stored JSON list as texts."""
    return [encode(message) for message in json.loads(legacy)]
