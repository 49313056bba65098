"""What a server process does around its requests: the node's start and end."""

import logging
from typing import Any

from realtime import node

logger = logging.getLogger(__name__)


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Serve ASGI's lifespan: start the node with the server, so that it relays before anyone connects.

    https://asgi.readthedocs.io/en/latest/specs/lifespan.html
    """
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await node.running()
            except Exception as error:  # noqa: BLE001  The server must come up to say so in /readyz.
                # The server starts all the same: the node starts with the first connection that finds a database.
                logger.warning("The node could not start yet: %s", error)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await node.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
