"""uvicorn, taught to hand its clients over before it ends.

Workers are spawned processes that import this module before Django is set up, hence the late imports.
"""

import asyncio
import socket
import time
from typing import Final

import uvicorn
from uvicorn.supervisors import multiprocess

from realtime import garbage

SHARE: Final = 0.7
"""Part of the graceful timeout that the drain may take; the rest is for requests that are under way."""
LINGER: Final = 10.0
"""Seconds after which a connection that is closing, and does not take its last bytes, is aborted."""


class Config(uvicorn.Config):
    """uvicorn's configuration; who is at the socket's other end stays known behind its proxy headers."""

    def load(self) -> None:
        """Load the application, and note the peer before a forwarded address replaces it."""
        from realtime.correlation import noting_peer

        super().load()
        self.loaded_app = noting_peer(self.loaded_app)


class Server(uvicorn.Server):
    """One process. uvicorn alone would cut all of its clients off at once, before the application hears of it.

    It also aborts what only an abort ends: a peer that is gone never takes the bytes before the close.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._closing: dict[asyncio.Transport, float] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does; once everything is loaded, let the collector leave it alone."""
        await super().startup(sockets)
        garbage.settle()

    async def on_tick(self, counter: int) -> bool:
        """Do uvicorn's own work, and about every second abort the connections that linger."""
        if counter % 10 == 0:
            self._abort_lingering(time.monotonic())
        return await super().on_tick(counter)

    def _abort_lingering(self, now: float) -> None:
        transports = {getattr(protocol, "transport", None) for protocol in self.server_state.connections}
        closing = {transport for transport in transports if transport is not None and transport.is_closing()}
        self._closing = {transport: self._closing.get(transport, now) for transport in closing}
        for transport, since in self._closing.items():
            if now - since > LINGER:
                transport.abort()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, drain the node, and only then shut down."""
        from realtime import node
        from realtime.drain import drain

        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        started, grace = time.monotonic(), self.config.timeout_graceful_shutdown or 10
        if (here := node.here()) and here.loop is asyncio.get_running_loop() and not self.force_exit:
            await drain(here, SHARE * grace)
        left = grace - (time.monotonic() - started)
        self.config.timeout_graceful_shutdown = max(1, int(left))
        await super().shutdown(sockets)


class Worker(multiprocess.Process):
    """One of several processes, each with a `Server`."""

    @property
    def server(self) -> Server:
        """Return this worker's server, made in the worker itself."""
        if not isinstance(self._server, Server):
            self._server = Server(self.config)
        return self._server


class Workers(multiprocess.Multiprocess):
    """Several workers behind one listening socket; one that dies is replaced."""

    def run(self) -> None:
        """Serve until a signal ends it."""
        multiprocess.Process = Worker  # type: ignore[misc]  # uvicorn offers no other way to name the class.
        super().run()
