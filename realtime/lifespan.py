"""ASGI's lifespan: the node starts and ends with its server."""

import asyncio
import logging
from typing import Any

from realtime import audit, node

logger = logging.getLogger(__name__)


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Start the node with the server, so that it relays before anyone connects; stop it after the last one left.

    https://asgi.readthedocs.io/en/latest/specs/lifespan.html
    """
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await node.running()
            except Exception as error:  # noqa: BLE001  The server must come up to say so in /readyz.
                logger.warning("The node could not start yet: %s", error)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await node.stop()
            await asyncio.to_thread(audit.flush)  # A worker process runs nothing at its exit.
            await send({"type": "lifespan.shutdown.complete"})
            return
