"""What a node does when the credential or the rights behind a connection change: it ends, or follows them in place.

One rule for all: look again at what the connection was let in by. The control stream says when, and so does the clock
where a credential ends by itself. Nothing here waits for a client: one that reads slowly delays nobody's revocation,
its own included.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from realtime import control, credentials
from realtime.connections import Connection
from realtime.errors import CloseCode, Disconnect
from realtime.history import Published
from realtime.identity import Credential
from realtime.memberships import groups_of

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)

PORTION: Final = 1_000
"""Credentials looked up at a time."""
SOON: Final = 0.05
"""Seconds after its end at which a credential is looked at."""
LONGEST: Final = 86_400.0
"""Seconds after which a distant end is reckoned anew: the wall clock may have been set."""
RETRY: Final = 1.0
"""Seconds until what failed is tried again."""


@dataclass(slots=True)
class Due:
    """Whom to look at again: users and user groups by their ids, single connections, or everyone."""

    users: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    clients: set[Connection] = field(default_factory=set)
    everyone: bool = False

    def hear(self, kind: str, key: str) -> None:
        """Take in what the control stream said; what a newer node says and this one does not know concerns everyone."""
        if kind == control.USER_CHANGED:
            self.users.add(key)
        elif kind == control.GROUP_CHANGED:
            self.groups.add(key)
        else:
            self.everyone = True

    def concerns(self, client: Connection) -> bool:
        """Say whether *client* is meant. Its user's groups were fetched when it was last looked at."""
        return (
            self.everyone
            or client in self.clients
            or str(client.user.pk) in self.users
            or (bool(self.groups) and any(str(group.pk) in self.groups for group in groups_of(client.user)))
        )

    def merge(self, other: "Due") -> None:
        """Be due for what *other* is, too."""
        self.users |= other.users
        self.groups |= other.groups
        self.clients |= other.clients
        self.everyone |= other.everyone


class Revalidation:
    """Listen on the control stream, watch the clock, and look again at the connections concerned."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._due = Due()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0
        """When the timer is due, by the loop's clock: at the first end of all, or before."""
        self._behind: set[Connection] = set()
        self._catching_up: dict[Connection, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Follow the control stream. Safe to call twice."""
        if self._task is None:
            self._node.hub.listen(control.STREAM, self._heard)
            await self._node.recovery.live(control.STREAM)
            self._task = asyncio.create_task(self._run(), name="revalidation")

    async def stop(self) -> None:
        """End the tasks and the timers. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tasks = [*self._catching_up.values(), *([self._task] if self._task else [])]
        self._task = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def mark(self) -> int:
        """Return how far the control stream has come; note it before reading a credential."""
        live = self._node.hub.streams.get(control.STREAM)
        return (live.last or 0) if live else 0

    def watch(self, connection: Connection, credential: Credential, mark: int) -> None:
        """Let *connection*, which is one of the hub's, go by *credential*, which was read after *mark*.

        It is looked at again when that ends, and now where something was said since the mark.
        """
        connection.credential = credential
        self._wake_at_end_of(connection)
        if self.mark() != mark:
            self._look_soon(connection)

    def everyone(self) -> None:
        """Look again at every connection: what the control stream said can no longer be read."""
        self._due.everyone = True
        self._woken.set()

    def _heard(self, items: Sequence[Published]) -> None:
        for item in items:
            self._due.hear(json.loads(item.body)["type"], item.key)
        self._woken.set()

    def _look_soon(self, client: Connection) -> None:
        self._due.clients.add(client)
        self._woken.set()

    def _wake_at_end_of(self, client: Connection) -> None:
        """Look at the clock when the credential of *client* ends, at the latest.

        One timer for all: one for each would be most of what an idle connection needs to be watched.
        """
        ends = client.credential.expires_at
        if ends is None:
            return
        delay = min(max((ends - timezone.now()).total_seconds(), 0.0) + SOON, LONGEST)
        due = self._node.loop.time() + delay
        if self._timer is not None and self._next <= due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._next = due
        self._timer = self._node.loop.call_later(delay, self._look_at_ends)

    def _look_at_ends(self) -> None:
        """Look again at those whose credential has ended, and set the timer for the next one that does."""
        self._timer = None
        now = timezone.now()
        first: Connection | None = None
        first_end = datetime.max.replace(tzinfo=UTC)
        for client in self._node.hub.connections.values():
            ends = client.credential.expires_at
            if ends is None or client.sink.ending is not None:
                continue
            if ends <= now:
                self._look_soon(client)
            elif ends < first_end:
                first, first_end = client, ends
        if first is not None:
            self._wake_at_end_of(first)

    async def _run(self) -> None:
        """Look at what is due, one batch after the other: who is concerned is decided after the batch before."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            due, self._due = self._due, Due()
            concerned = [client for client in list(self._node.hub.connections.values()) if due.concerns(client)]
            try:
                for start in range(0, len(concerned), PORTION):
                    await self._look_again(concerned[start : start + PORTION])
            except Exception as error:  # noqa: BLE001  A task's root.
                logger.warning("The rights of connected users could not be read and will be again: %s", error)
                self._due.merge(due)
                self._woken.set()
                await asyncio.sleep(RETRY)

    async def _look_again(self, clients: Sequence[Connection]) -> None:
        asked = [(client, client.credential.claim) for client in clients]
        holding = await self._node.run(credentials.verify, {claim for _, claim in asked})
        valid: list[Connection] = []
        for client, claim in asked:
            identity = holding.get(claim)
            if client.credential.claim != claim:  # It was refreshed by another one meanwhile.
                self._look_soon(client)
            elif identity is None or identity.user.pk != client.user.pk:
                client.close(Disconnect(CloseCode.POLICY, "Session ended"), reconnect=False)
            else:
                client.become(identity)
                self._hold_back(client)
                valid.append(client)
        await asyncio.gather(*(self._node.subscribing.reauthorize(client) for client in valid))
        for client in valid:
            self._catch_up(client)

    def _hold_back(self, client: Connection) -> None:
        """Send nothing more to audiences that the client is no longer in, before anything is awaited."""
        if client.client_id not in self._node.hub.connections:
            return
        self._wake_at_end_of(client)
        for stream, subscription in client.subscriptions.items():
            if client.audiences[stream] != subscription.audiences:
                self._node.hub.pause(subscription, stream)

    def _catch_up(self, client: Connection) -> None:
        """Bring a client onto what its user may see by now, in a task of its own: that goes at the client's pace."""
        self._behind.add(client)
        if client not in self._catching_up:
            task = asyncio.create_task(self._bring_up(client), name=f"rights of {client.client_id}")
            self._catching_up[client] = task
            task.add_done_callback(lambda _: self._catching_up.pop(client, None))

    async def _bring_up(self, client: Connection) -> None:
        """Give topics whose audiences changed a `reset` and a snapshot, and `all` what it came to stand for."""
        while client in self._behind:
            self._behind.discard(client)
            try:
                async with client.moving:
                    await self._follow_audiences(client)
                await self._node.subscribing.widen_all(client)
            except Exception as error:  # noqa: BLE001  A task's root.
                logger.warning("%s could not follow its rights yet: %s", client.client_id, error)
                self._behind.add(client)
                await asyncio.sleep(RETRY)
            if client.client_id not in self._node.hub.connections:
                self._behind.discard(client)

    async def _follow_audiences(self, client: Connection) -> None:
        for stream, subscription in list(client.subscriptions.items()):
            if client.audiences[stream] != subscription.audiences:
                await self._node.recovery.follow_audiences(subscription, stream)
                self._node.watch.summarize(stream, {client} if client.v1 else set())
