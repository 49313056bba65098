"""One client's stay, as the audit tells of it: how it came, who it is, what it asked for, why and when it went."""

import re
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from realtime import audit, protocol, topics
from realtime.audit import Event
from realtime.errors import CloseCode, Disconnect
from realtime.identity import Identity
from realtime.refusals import refusals

KIND: Final = re.compile(r'\{"type": ?"([a-z_]{1,40})"')
AGENT: Final = 200
"""Characters kept of a User-Agent."""
GONE: Final = {1000: "The client left", 1001: "The client went away", 1005: "The client left", 1006: "The line was cut"}


@dataclass(slots=True)
class Traffic:
    """How many messages went one way, and their bytes: of their texts, or of frames where those are written ready."""

    messages: int = 0
    size: int = 0

    def add(self, text: str | bytes) -> None:
        """Count one message."""
        self.messages += 1
        self.size += size_of(text)


def size_of(text: str | bytes) -> int:
    """Return the bytes of *text*; free where it is ASCII."""
    return len(text) if isinstance(text, bytes) or text.isascii() else len(text.encode(errors="replace"))


def _agent(scope: Mapping[str, Any]) -> str:
    """Return the User-Agent, in short; one text for all who send the same."""
    found = next((value for name, value in scope.get("headers", ()) if name == b"user-agent"), b"")
    return sys.intern("".join(char for char in found[:AGENT].decode("latin-1") if char.isprintable()))


def outline(text: str) -> dict[str, Any]:
    """Return all that a log may say of a message that goes out: type and size, topic and offset where it has them."""
    kind = KIND.match(text)
    about: dict[str, Any] = {"type": kind[1] if kind else "other", "size": size_of(text)}
    if (found := protocol.spliced(text)) and found[0] in topics.registered():
        about |= {"topic": found[0], "offset": found[1]}
    return about


@dataclass(slots=True)
class Visit:
    """A connection from its handshake to its end. `transport` is websocket, sse or poll."""

    transport: str = "websocket"
    address: str = ""
    agent: str = ""
    """What the client says it is; shown to administrators, and trusted by nobody."""
    user: Any = None
    came_at: float = field(default_factory=time.monotonic)
    received: Traffic = field(default_factory=Traffic)

    @classmethod
    def of(cls, scope: Mapping[str, Any], transport: str) -> "Visit":
        """Return the visit that *scope* begins, from the address that the server gives."""
        return cls(transport, str((scope.get("client") or ("",))[0]), _agent(scope))

    def refused(self, reason: str) -> None:
        """Tell that the handshake was refused, or the request."""
        self._record(Event.REFUSED, reason=reason)

    def unauthorized(self, reason: str) -> None:
        """Tell that the credentials are not valid, or did not come in time."""
        self._record(Event.UNAUTHORIZED, reason=reason)

    def identified(self, identity: Identity, *, by_ticket: bool = False) -> None:
        """Tell which token or ticket the client came with; of a session its login has told."""
        claim = identity.credential.claim
        if by_ticket:
            self._record(Event.TICKET_USED, identity.user, **claim.told)
        elif claim.kind == "token":
            self._record(Event.TOKEN_USED, identity.user, token=claim.id)

    def connected(self, user: Any) -> None:
        """Tell that the client was let in, and who it is."""
        self.user = user
        self._record(Event.CONNECT)

    def subscribed(self, topics: Collection[str]) -> None:
        """Tell which topics the client came onto."""
        self._record(Event.SUBSCRIBE, topics=list(topics))

    def denied(self, topics: Collection[str]) -> None:
        """Tell which topics the client may not have."""
        if topics:
            self._record(Event.DENIED, topics=list(topics))

    def limited(self, limit: str, user: Any = None) -> None:
        """Tell that the client went over a limit, named as its setting; *user* where it is not connected yet."""
        refusals.record(limit, user=user or self.user, address=self.address, transport=self.transport)

    def ended(self, ending: Disconnect | None, sent: Traffic, code: int | None = None) -> None:
        """Tell of the end, once: the server's own *ending*, or the *code* of a client that left by itself."""
        if self.user is None:
            return
        code = ending.code.value if ending else code or CloseCode.NORMAL.value
        self._record(
            Event.DISCONNECT,
            by="server" if ending else "client",
            code=code,
            reason=ending.reason if ending else GONE.get(code, "The client left"),
            duration=round(time.monotonic() - self.came_at, 3),
            messages_sent=sent.messages,
            bytes_sent=sent.size,
            messages_received=self.received.messages,
            bytes_received=self.received.size,
        )
        self.user = None

    def _record(self, event: Event, user: Any = None, **details: Any) -> None:
        audit.record(event, user=user or self.user, address=self.address, transport=self.transport, **details)
