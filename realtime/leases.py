"""How many connections each user and each address has on all nodes together, counted in Redis or Valkey.

A node's counts hang on its lease, one key that expires unless the node renews it: what a node that crashed had then
counts no more. Whenever the store may have missed something, the node takes a new lease and writes its counts anew, so
that no error lasts. One task talks to the store, for all connections at once, and nobody waits for one that is away:
then everything is granted here, and the node's own limits hold.
"""

import asyncio
import contextlib
import logging
import random
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PATIENCE: Final = 0.5
"""Seconds that the store has for an answer, and so about what a connection waits for it at most, once per outage."""
RENEWALS: Final = 3
"""How often a lease is renewed in the time that it lasts."""
RETRY: Final = (0.5, 1.0)
"""Seconds, at random between these, until a store that was away is tried again."""
BATCH: Final = 500
"""Claims and releases sent together."""
KEPT: Final = 86_400
"""Seconds that a count is kept which nobody touches; longer than any connection lives."""

CLAIM: Final = """
-- KEYS: what is counted, this node's lease. ARGV: the lease's id, the limit, KEPT, what leases' keys begin with.
if redis.call('EXISTS', KEYS[2]) == 0 then return -1 end
local total, held = 0, redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  if redis.call('EXISTS', ARGV[4] .. held[i]) == 1 then
    total = total + tonumber(held[i + 1])
  else
    redis.call('HDEL', KEYS[1], held[i])
  end
end
if total >= tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
RELEASE: Final = """
-- KEYS: what is counted. ARGV: the lease's id.
if redis.call('HINCRBY', KEYS[1], ARGV[1], -1) < 1 then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1
"""


class LeaseLost(Exception):
    """The store does not know this node's lease: it was emptied, or the node was frozen for too long."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A claim, or where there is no `answer` a release."""

    key: str
    limit: int = 0
    answer: asyncio.Future[bool] | None = None

    def reply(self, *, granted: bool) -> None:
        """Tell whoever waits for the answer."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(granted)


class Leases:
    """One node's part of the counts of all nodes. *held* is what it has itself, always up to date."""

    def __init__(self, url: str, prefix: str, *, lease_time: float, held: Mapping[str, int]) -> None:
        self.reachable = False
        self._url = url
        self._leases = f"{prefix}:lease:"
        self._counts = f"{prefix}:connections:"
        self._lease_ms = round(lease_time * 1000)
        self._held = held
        self._lease = ""
        self._alone = False
        self._scripts = ("", "")
        self._asked: deque[Ask] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task that talks to the store; returns at once. Safe to call twice."""
        self._task = self._task or asyncio.create_task(self._run(), name="leases")

    async def stop(self) -> None:
        """Give the lease back and end the task. Safe to call twice.

        Cancels until it has ended: the store's client may drop a cancellation that comes as an answer does.
        """
        task, self._task = self._task, None
        while task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=2 * PATIENCE)  # Enough to give the lease back.

    async def claim(self, key: str, limit: int) -> bool:
        """Count one more of *key*, which *held* has already; False where all nodes together have *limit*.

        True also where the store is away. Waits for about `PATIENCE` at most.
        """
        if not self.reachable:
            return True
        answer = asyncio.get_running_loop().create_future()
        self._ask(Ask(key, limit, answer))
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:  # The claim is on its way all the same.
            answer.add_done_callback(lambda done: self.release(key) if done.result() else None)
            raise

    def release(self, key: str) -> None:
        """Count one less of *key*. Where the store is away it is written anew later, without this one."""
        if self.reachable:
            self._ask(Ask(key))

    def _ask(self, ask: Ask) -> None:
        self._asked.append(ask)
        self._wake.set()

    async def _run(self) -> None:
        """Hold a lease for as long as the store is there, and try again when it is not."""
        while True:
            try:
                await self._hold()
            except LeaseLost:
                logger.info("The store had lost this node's connections; they are written anew.")
                continue
            except (RedisError, OSError, TimeoutError) as error:
                if not self._alone:
                    logger.warning("Connections are counted on this node alone: %s", str(error) or "no answer")
                self._alone = True
            except Exception:
                logger.exception("Counting connections on all nodes failed.")
            await asyncio.sleep(random.uniform(*RETRY))  # noqa: S311  Only politeness depends on it.  # nosec B311

    async def _hold(self) -> None:
        """Hold one lease. Raises: LeaseLost, and the store's errors."""
        store: Any = Redis.from_url(
            self._url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        try:
            await self._begin(store)
            if self._alone:
                logger.info("Connections are counted on all nodes again.")
            self._alone = False
            await self._serve(store)
        except asyncio.CancelledError:
            await self._give_back(store)
            raise
        finally:
            self._grant_all()
            await self._close(store)

    async def _close(self, store: Any) -> None:
        """Close the connection, also for a task that is cancelled meanwhile: half closed it would stay open."""
        closing = asyncio.ensure_future(store.aclose())
        with contextlib.suppress(RedisError, OSError):
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                await closing
                raise

    async def _begin(self, store: Any) -> None:
        """Take a new lease and write under it what this node has."""
        old, self._lease = self._lease, uuid.uuid4().hex
        async with asyncio.timeout(PATIENCE):
            await store.set(self._leases + self._lease, 1, px=self._lease_ms)
            self._scripts = (await store.script_load(CLAIM), await store.script_load(RELEASE))
        # In one step: what changes from here on is asked for, and what was there before is written.
        self.reachable, held = True, list(self._held.items())
        for start in range(0, len(held), BATCH):
            pipeline = store.pipeline(transaction=False)
            for key, count in held[start : start + BATCH]:
                pipeline.hset(self._counts + key, self._lease, count)
                pipeline.expire(self._counts + key, KEPT)
            await self._send(pipeline)
        if old:
            async with asyncio.timeout(PATIENCE):
                await store.delete(self._leases + old)

    async def _serve(self, store: Any) -> None:
        """Send what is asked for as it comes, and renew the lease in time. Raises: LeaseLost."""
        loop, pause = asyncio.get_running_loop(), self._lease_ms / 1000 / RENEWALS
        due = loop.time() + pause
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            if loop.time() >= due:
                async with asyncio.timeout(PATIENCE):
                    if not await store.pexpire(self._leases + self._lease, self._lease_ms):
                        raise LeaseLost
                due = loop.time() + pause
            self._wake.clear()
            if self._asked:
                await self._flush(store)

    async def _flush(self, store: Any) -> None:
        """Send a batch of what is asked for and pass the answers on."""
        batch = list(self._asked)[:BATCH]
        pipeline = store.pipeline(transaction=False)
        claim, release = self._scripts
        for ask in batch:
            key = self._counts + ask.key
            if ask.answer is None:
                pipeline.evalsha(release, 1, key, self._lease)
            else:
                lease = self._leases + self._lease
                pipeline.evalsha(claim, 2, key, lease, self._lease, ask.limit, KEPT, self._leases)
        answers = await self._send(pipeline)
        if -1 in answers:
            raise LeaseLost
        for answer in answers:
            self._asked.popleft().reply(granted=answer == 1)
        if self._asked:
            self._wake.set()

    async def _send(self, pipeline: Any) -> list[int]:
        async with asyncio.timeout(PATIENCE):
            answers: list[int] = await pipeline.execute()
        return answers

    def _grant_all(self) -> None:
        """Let nobody wait for a store that is away; what they have is written when it is back."""
        self.reachable = False
        while self._asked:
            self._asked.popleft().reply(granted=True)

    async def _give_back(self, store: Any) -> None:
        """End the lease, so that others may have at once what this node had."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await store.delete(self._leases + self._lease)
