"""What goes to a WebSocket's client: the answer to its handshake, messages, and the end."""

import asyncio
import logging
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from realtime import protocol
from realtime.errors import CloseCode, Disconnect, LimitExceeded
from realtime.frames import EXTENSION
from realtime.inbound import Inbound
from realtime.node import Node
from realtime.sink import AsgiSink, FrameSink
from realtime.visits import Visit, outline

logger = logging.getLogger(__name__)


class Outbound(AsyncJsonWebsocketConsumer):
    """Open and end a WebSocket, and send by the fastest way that its server offers."""

    node: Node

    def __init__(self) -> None:
        super().__init__()
        self.visit = Visit()
        self.sink: AsgiSink | FrameSink | None = None
        self.inbound: Inbound | None = None
        self.serving: asyncio.Task[Any] | None = None
        self.stalled = False

    async def open(self) -> None:
        """Accept the handshake, with the v1 subprotocol where the client offers it."""
        offered = protocol.SUBPROTOCOL in self.scope.get("subprotocols", ())
        await self.accept(protocol.SUBPROTOCOL if offered else None)
        self.sink = self.make_sink()
        self.inbound = Inbound(self.node, self.visit)

    async def open_to_end(self, end: Disconnect) -> None:
        """Accept the handshake only to say *end*: of a refused one a browser's page learns nothing."""
        await self.open()
        self.end(end)

    def make_sink(self) -> AsgiSink | FrameSink:
        """Return where messages go: to the server's frame writer, where it offers one."""
        conf = self.node.conf
        offer: Any = (self.scope.get("extensions") or {}).get(EXTENSION)
        if offer is None:
            return AsgiSink(self.send_text, self.close, limit=conf.send_buffer, on_stalled=self.let_go)
        log = self.log_sent if logger.isEnabledFor(logging.DEBUG) else None
        return FrameSink(offer["frames"], self.close, limit=conf.send_buffer, deflate_from=conf.compress_from, log=log)

    def end(self, end: Disconnect) -> None:
        """Name the limit where one was exceeded, send `disconnect` and close.

        After 1008 the client should not come back by itself.
        """
        if self.sink is not None:
            if isinstance(end, LimitExceeded):
                self.sink.write([protocol.error(end.error)])
            self.sink.close(end, reconnect=end.code is not CloseCode.POLICY)

    def let_go(self) -> None:
        """Stop serving a client that no longer takes anything: its `websocket.disconnect` may never come."""
        self.stalled = True
        if self.serving is not None:
            self.serving.cancel()

    async def send_text(self, text: str) -> None:
        """Send one text frame."""
        self.log_sent(text)
        await self.send(text_data=text)

    def log_sent(self, text: str) -> None:
        """Log, where LOG_LEVEL is DEBUG, what kind of message goes to this client, and never its text."""
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("sent", extra=outline(text))
