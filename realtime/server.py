"""uvicorn, taught to hand its clients over before it ends.

Workers are spawned processes that import this module before Django is set up, hence the late imports.
"""

import asyncio
import socket
from typing import Final

import uvicorn
from uvicorn.supervisors import multiprocess

SHARE: Final = 0.7
"""Part of the graceful timeout that the drain may take; the rest is for requests that are under way."""


class Server(uvicorn.Server):
    """One process. uvicorn alone would cut all of its clients off at once, before the application hears of it."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, drain the node, and only then shut down."""
        from realtime import node
        from realtime.drain import drain

        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        if (here := node.here()) and here.loop is asyncio.get_running_loop() and not self.force_exit:
            await drain(here, SHARE * (self.config.timeout_graceful_shutdown or 10))
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
