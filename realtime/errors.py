"""The error tree of realtime, and the close codes of the wire.

RealtimeError
├── ClientError            answered with an `error` message; the connection lives on
│   ├── InvalidMessage     what the client sent cannot be read
│   ├── UnknownTopic       nothing is registered under that name
│   └── TopicDenied        this user may subscribe to none of them
├── Disconnect             ends the connection; its code says whether the client should come back
│   └── LimitExceeded      a limit was reached; an `error` that names it goes first
├── UnrecoverablePosition  a position that history cannot continue from
└── OutsideTransaction     publish() was called where nothing would make it atomic
"""

from enum import IntEnum


class CloseCode(IntEnum):
    """WebSocket close codes (RFC 6455, 7.4; 4000–4999 are for private use)."""

    NORMAL = 1000
    NO_TEXT = 1007
    POLICY = 1008
    TOO_BIG = 1009
    SERVER_ERROR = 1011
    RESTART = 1012
    TRY_LATER = 1013
    SLOW_CONSUMER = 4100
    ADMINISTRATOR = 4101


class RealtimeError(Exception):
    """Whatever realtime raises on purpose."""


class ClientError(RealtimeError):
    """Something the client did; it is answered and the connection lives on."""

    def __init__(self, code: str, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.temporary = temporary


class InvalidMessage(ClientError):
    """A client message that does not have the shape the protocol asks for."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_message", message)


class UnknownTopic(ClientError):
    """A topic that nothing is registered under."""

    def __init__(self, name: str) -> None:
        super().__init__("unknown_topic", f"topics: there is no topic {name[:80]!r}.")


class TopicDenied(ClientError):
    """Topics none of which this user may subscribe to; the message names up to ten of them."""

    def __init__(self, *names: str) -> None:
        shown = ", ".join(repr(name[:80]) for name in names[:10])
        super().__init__("forbidden", f"topics: you may not subscribe to {shown}.")


class Disconnect(RealtimeError):
    """The connection ends with *code*; *retry_after_ms* is set where the client should wait before it returns."""

    def __init__(self, code: CloseCode, reason: str, *, retry_after_ms: int | None = None) -> None:
        super().__init__(f"{code.value} {reason}")
        self.code = code
        self.reason = reason
        self.retry_after_ms = retry_after_ms


class LimitExceeded(Disconnect):
    """A limit was reached: *limit* is its name on the wire, *message* says it in a sentence.

    One that passes by itself has *retry_after_ms* and ends with 1013; the others end with 1008.
    """

    def __init__(self, limit: str, message: str, reason: str, *, retry_after_ms: int | None = None) -> None:
        code = CloseCode.POLICY if retry_after_ms is None else CloseCode.TRY_LATER
        super().__init__(code, reason, retry_after_ms=retry_after_ms)
        self.limit = limit
        self.message = message

    @property
    def setting(self) -> str:
        """The setting that has the limit."""
        return f"LIMIT_{self.limit.upper()}"

    @property
    def error(self) -> ClientError:
        """The `error` that names the limit, which goes before the `disconnect`."""
        return ClientError(self.limit, self.message, temporary=self.retry_after_ms is not None)


class UnrecoverablePosition(RealtimeError):
    """History cannot continue from a position; *reason* is the wire's word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutsideTransaction(RealtimeError):
    """publish() was called outside a transaction, where a crash could part the change from its publication."""
