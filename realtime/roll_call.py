"""What a node answers to those who ask who is connected now (`asking`), over the channel layer.

It answers from its memory and writes nothing down, so that coming and going costs no more than before. That there is
the node, its lease in the database says. An answer tells who is there, since when, how, and which topics they follow;
nothing of what they are sent.
"""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import DatabaseError, InterfaceError

from realtime import upkeep
from realtime.connections import Connection
from realtime.errors import CloseCode, Disconnect
from realtime.models import Lease

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)

ROLL_CALL: Final = "aether.roll_call"
END: Final = "aether.end"
PREFIX: Final = "node:"
"""What a node's lease begins with; the rest is its id."""
LEASE: Final = 60.0
"""Seconds after which a node that crashed is no longer waited for; it renews after a third of that."""
MOST: Final = 500
"""Connections that one node tells of at most, those that came last; all of them are counted."""
TOPICS: Final = 20
"""Topics that are named of one connection."""
ENDED: Final = "Disconnected by an administrator"


@dataclass(frozen=True, slots=True)
class Present:
    """One connection, as its node tells of it. *age* is in seconds."""

    client_id: str
    user_id: str
    user: str
    age: float
    transport: str
    dialect: str
    topics: list[str]
    more_topics: int
    address: str
    agent: str


class RollCall:
    """A node's part: the lease that says that it is there, and its answers."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._name = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start renewing the lease. Safe to call twice."""
        self._task = self._task or asyncio.create_task(self._run(), name="roll call")

    async def stop(self) -> None:
        """Give the lease back and end the task. Safe to call twice."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with contextlib.suppress(DatabaseError, InterfaceError):  # It runs out by itself.
            await self._node.run(_leave, self._node.id)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Answer a message of `asking.call` or `asking.end`."""
        answer = self._end(message["client_ids"]) if message["type"] == END else self._tell(message["search"])
        about = {"type": "aether.answer", "node": self._node.id, "name": self._name}
        self._node.broker.publish(message["reply"], about | answer)

    def _tell(self, search: str) -> dict[str, Any]:
        here = list(self._node.hub.connections.values())
        found = [one for one in here if _matches(one, search)] if search else here
        newest = sorted(found, key=lambda one: one.opened_at, reverse=True)[:MOST]
        now = time.monotonic()
        return {
            "draining": self._node.draining,
            "total": len(here),
            "found": len(found),
            "present": [asdict(_present(one, now)) for one in newest],
        }

    def _end(self, client_ids: Collection[str]) -> dict[str, Any]:
        ended = []
        for client_id in client_ids:
            client = self._node.hub.connections.get(client_id)
            if client is not None and client.sink.ending is None:
                client.close(Disconnect(CloseCode.ADMINISTRATOR, ENDED), reconnect=False)
                ended.append(asdict(_present(client, time.monotonic())))
        return {"ended": ended}

    async def _run(self) -> None:
        while True:
            try:
                await self._node.run(upkeep.take_lease, PREFIX + self._node.id, self._name, LEASE)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("The node's lease could not be renewed and will be: %s", error)
                await asyncio.sleep(LEASE / 12)
            else:
                await asyncio.sleep(LEASE / 3)


def _matches(client: Connection, search: str) -> bool:
    said = (client.user.get_username(), client.visit.address, client.client_id, *client.topics)
    return any(search in one.lower() for one in said)


def _present(client: Connection, now: float) -> Present:
    topics = sorted(client.topics)
    return Present(
        client_id=client.client_id,
        user_id=str(client.user.pk or ""),
        user=client.user.get_username(),
        age=round(now - client.opened_at, 1),
        transport=client.visit.transport,
        dialect="v1" if client.v1 else "legacy",
        topics=topics[:TOPICS],
        more_topics=max(0, len(topics) - TOPICS),
        address=client.visit.address,
        agent=client.visit.agent,
    )


def _leave(node_id: str) -> None:
    Lease.objects.filter(name=PREFIX + node_id).delete()
