"""What a node does when the rights of connected users change: their subscriptions follow at once."""

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from realtime import control
from realtime.connections import Connection
from realtime.errors import CloseCode, Disconnect
from realtime.history import Published
from realtime.identity import Identity, identity_of

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)


class Revalidation:
    """Listen on the control stream and look again at the users it names."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._due: set[str] = set()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow the control stream. Safe to call twice."""
        if self._task is None:
            self._node.hub.listen(control.STREAM, self._heard)
            await self._node.recovery.live(control.STREAM)
            self._task = asyncio.create_task(self._run(), name="revalidation")

    async def stop(self) -> None:
        """End the task. Safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def mark(self) -> int:
        """Return how far the control stream has come; note it before reading a new connection's identity."""
        live = self._node.hub.streams.get(control.STREAM)
        return (live.last or 0) if live else 0

    def since(self, mark: int, connection: Connection) -> None:
        """Look again at *connection* where something was said since *mark*, when it was not yet known here."""
        if self.mark() != mark:
            self._wake([str(connection.user.pk)])

    def everyone(self) -> None:
        """Look again at every connected user: what the control stream said can no longer be read."""
        self._wake(str(client.user.pk) for client in self._node.hub.connections.values())

    def _heard(self, items: Sequence[Published]) -> None:
        self._wake(item.key for item in items if json.loads(item.body)["type"] == control.USER_CHANGED)

    def _wake(self, user_ids: Iterable[str]) -> None:
        self._due.update(user_ids)
        self._woken.set()

    async def _run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            due, self._due = self._due, set()
            connected = [client for client in self._node.hub.connections.values() if str(client.user.pk) in due]
            try:
                await self._look_again(connected)
            except Exception as error:  # noqa: BLE001  A task's root.
                logger.warning("The rights of connected users could not be read and will be again: %s", error)
                self._wake(due)
                await asyncio.sleep(1)

    async def _look_again(self, connected: list[Connection]) -> None:
        now = await self._node.run(_identities, {client.user.pk for client in connected})
        changed = [client for client in connected if client.user.pk in now]
        for client in connected:
            if client.user.pk not in now:
                client.close(Disconnect(CloseCode.POLICY, "Session ended"), reconnect=False)
        await asyncio.gather(*(self._change(client, now[client.user.pk]) for client in changed))

    async def _change(self, client: Connection, identity: Identity) -> None:
        """Give a client its new audiences: a `reset` and a snapshot of each subscribed topic that they concern."""
        client.audiences, client.user = identity.audiences, identity.user
        async with client.moving:
            for stream, subscription in list(client.subscriptions.items()):
                if client.audiences[stream] != subscription.audiences:
                    await self._node.recovery.follow_audiences(subscription, stream)
                    self._node.watch.summarize(stream, {client} if client.v1 else set())


def _identities(user_ids: set[Any]) -> dict[Any, Identity]:
    users = get_user_model()._default_manager.filter(pk__in=user_ids, is_active=True).prefetch_related("groups")
    return {user.pk: identity_of(user) for user in users}
