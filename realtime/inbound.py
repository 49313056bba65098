"""What one WebSocket client sends, within its limits."""

import logging
import time
from typing import Final

from realtime import protocol
from realtime.errors import CloseCode, Disconnect, InvalidMessage
from realtime.limits import TokenBucket
from realtime.node import Node
from realtime.protocol import ClientMessage
from realtime.visits import Visit, size_of

logger = logging.getLogger(__name__)

MISTAKES_PER_SECOND: Final = 1.0
MISTAKES_AT_ONCE: Final = 50.0
"""Errors answered before repeated abuse ends the connection."""


class Inbound:
    """Read a client's frames, count them, and tell the audit where there are too many, or too large ones."""

    def __init__(self, node: Node, visit: Visit) -> None:
        self._node = node
        self._visit = visit
        self._messages = node.quotas.messages()
        self._mistakes = TokenBucket(rate=MISTAKES_PER_SECOND, burst=MISTAKES_AT_ONCE, clock=time.monotonic)

    def read(self, text: str | None, data: bytes | None) -> ClientMessage:
        """Return the message that a frame is. Raises: InvalidMessage; Disconnect, where a limit was exceeded."""
        frame = text or data or ""
        self._visit.received.add(frame)
        if not self._messages.take():
            over = self._node.quotas.too_many_messages()
            self._visit.limited(over.setting)
            raise over
        if len(frame) > self._node.conf.max_frame:
            self._visit.limited("WEBSOCKET_MAX_FRAME")
            raise Disconnect(CloseCode.TOO_BIG, "Message too big")
        if text is None:
            raise InvalidMessage("Binary frames are not supported; send JSON as text.")
        message = protocol.parse(text)
        if logger.isEnabledFor(logging.DEBUG):
            about = {"type": type(message).__name__.lower(), "topics": getattr(message, "topics", None)}
            logger.debug("received", extra={**about, "size": size_of(text)})
        return message

    def too_many_mistakes(self) -> Disconnect | None:
        """Count a mistake that was answered; return how the connection ends where there were too many."""
        if self._mistakes.take():
            return None
        self._visit.limited("mistakes")
        return Disconnect(CloseCode.POLICY, "Rate limit")
