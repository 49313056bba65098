"""Handing a node's clients over before its process ends."""

import asyncio
import logging
import math
import random
from typing import TYPE_CHECKING, Final

from realtime.errors import CloseCode, Disconnect

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)

BATCH: Final = 100
"""Clients told at once; a node has at least a batch per tenth of its time."""
SHARE: Final = 0.6
"""Part of the grace period in which clients are told; the rest is for those that are slow to leave."""
RETRY_MS: Final = 200
"""Least time before a client comes back; the most grows with how many there are, so that they do not come at once."""
RETRY_MS_EACH: Final = 2.0
RETRY_MS_MOST: Final = 10_000


async def drain(node: "Node", grace: float, *, chance: random.Random | None = None) -> None:
    """Tell every client to come back later and elsewhere, in batches, and wait until they have left.

    Each is told its own time, at random (a thundering herd would meet the other nodes at once). Returns after *grace*
    seconds at the latest; who is still there then is closed by the server with 1012.
    """
    chance = chance or random.SystemRandom()
    node.draining = True
    deadline = node.loop.time() + grace
    clients = list(node.hub.connections.values())
    chance.shuffle(clients)
    size = max(BATCH, math.ceil(len(clients) / 10))
    batches = [clients[start : start + size] for start in range(0, len(clients), size)]
    most = min(RETRY_MS_MOST, RETRY_MS + RETRY_MS_EACH * len(clients))
    for number, batch in enumerate(batches):
        for client in batch:
            wait = round(chance.uniform(RETRY_MS, most))
            client.close(Disconnect(CloseCode.RESTART, "The server restarts", retry_after_ms=wait))
        if number + 1 < len(batches):
            await asyncio.sleep(grace * SHARE / len(batches))
    while node.hub.connections and node.loop.time() < deadline:  # noqa: ASYNC110  Nobody else waits for the last one.
        await asyncio.sleep(0.05)
    if clients:
        logger.info("Handed over %d clients; %d had not left in time.", len(clients), len(node.hub.connections))
