"""`python -m bench.load <socket>`: does what the harness says over a Unix socket, one JSON line for each."""

import asyncio
import gc
import json
import sys
import traceback
from typing import Any, Final

import uvloop

from bench import proc
from bench.load import measures
from bench.load.measures import Crowd, Figures, Span
from bench.load.publishers import PUBLISHERS, Publisher, Rest
from bench.load.stalled import Stalled
from bench.load.subscribers import PROTOCOLS, Subscriber, WebSocketSubscriber
from bench.load.target import Target

CONNECT: Final = 60.0
"""Seconds for one connection to become ready."""


class Generator:
    """The connections to one server. Every method is a command; what it returns goes back as JSON."""

    def __init__(self) -> None:
        self.crowd: list[Subscriber] = []
        self.subscribed = 0
        self.publishers: dict[str, Publisher] = {}
        self.rest: Rest | None = None
        self.stalled: Stalled | None = None
        self.target = Target("websocket", 0)

    async def aim(self, **target: Any) -> Figures:
        """Turn to another server, and drop what is connected."""
        await self.drop()
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in target.items()
        }
        self.target = Target(**fields)
        return {}

    async def connect(self, count: int, at_once: int, topics: int = 1) -> Figures:
        """Have *count* connections in all, opening *at_once* at a time; they are spread over *topics*."""
        span, before = Span(self.target), len(self.crowd)
        numbers = iter(range(before, count))
        failures: list[str] = []

        async def one_after_another() -> None:
            for number in numbers:
                try:
                    self.crowd.append(await self._connect(number, number % topics))
                except (OSError, TimeoutError) as error:
                    failures.append(str(error) or "Nothing was answered.")
                    if len(failures) > at_once:
                        return

        await asyncio.gather(*(one_after_another() for _ in range(min(at_once, count - before))))
        gc.freeze()
        deflated = sum(isinstance(one, WebSocketSubscriber) and one.deflated for one in self.crowd)
        return span.figures(
            connections=len(self.crowd) - before, failed=len(failures), why=failures[:1], deflated=deflated
        )

    async def subscribe(self, at_once: int) -> Figures:
        """Subscribe those who are not yet."""
        waiting = iter(self.crowd[self.subscribed :])

        async def one_after_another() -> None:
            for one in waiting:
                one.ready = asyncio.get_running_loop().create_future()
                one.subscribe()
                async with asyncio.timeout(CONNECT):
                    await one.ready

        await asyncio.gather(*(one_after_another() for _ in range(at_once)))
        self.subscribed = len(self.crowd)
        await asyncio.sleep(0.2)  # Where a server does not say that it is through.
        return {}

    async def stall(self, count: int, at_once: int) -> Figures:
        """Have *count* clients more that subscribe and then never read."""
        self.stalled = Stalled(self.target)
        await self.stalled.open(len(self.crowd), count, at_once)
        return {}

    async def drop(self) -> Figures:
        """Drop every connection."""
        if self.stalled is not None:
            self.stalled.close()
            self.stalled = None
        for one in self.crowd:
            one.close()
        for publisher in self.publishers.values():
            publisher.close()
        if self.rest is not None:
            self.rest.close()
        self.crowd, self.subscribed, self.publishers, self.rest = [], 0, {}, None
        gc.unfreeze()
        gc.collect()
        return {}

    async def measure(self, what: str, route: str, session: str = "", **options: Any) -> Figures:
        """Run one of the measures, publishing over *route*."""
        if route not in self.publishers:
            self.publishers[route] = PUBLISHERS[route](self.target)
            await self.publishers[route].open()
        crowd = Crowd(self.target, len(self.crowd), self.publishers[route])
        if session:
            if self.rest is None:
                self.rest = Rest(self.target.port, session)
                await self.rest.open()
            options["rest"] = self.rest
        ended = self.target.tally.ended
        gc.disable()
        try:
            found: Figures = await getattr(measures, what)(crowd, **options)
        finally:
            gc.enable()
        return found | {"subscribers": len(self.crowd), "ended": self.target.tally.ended - ended}

    async def memory(self, settle: float) -> Figures:
        """Return the bytes that the server holds, after *settle* seconds."""
        await asyncio.sleep(settle)
        return {"bytes": proc.memory(self.target.pids)}

    async def idle(self, seconds: float) -> Figures:
        """Do nothing but what keeps the connections alive."""
        span = Span(self.target)
        await asyncio.sleep(seconds)
        return span.figures()

    async def _connect(self, number: int, topic: int) -> Subscriber:
        loop = asyncio.get_running_loop()
        made = PROTOCOLS[self.target.protocol](self.target, number, topic)
        try:
            async with asyncio.timeout(CONNECT):
                await loop.create_connection(lambda: made, "127.0.0.1", self.target.port)
                await made.ready
        except BaseException:
            made.close()
            raise
        return made


async def main(path: str) -> None:
    """Serve the harness until it hangs up."""
    reader, writer = await asyncio.open_unix_connection(path, limit=2**24)
    generator = Generator()
    while line := await reader.readline():
        order = json.loads(line)
        try:
            answer = await getattr(generator, order.pop("do"))(**order)
        except Exception as error:  # noqa: BLE001  The root of the process: the harness says what failed.
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        writer.write(json.dumps(answer).encode() + b"\n")
    await generator.drop()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
