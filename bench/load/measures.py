"""The measurements: each publishes in its own way, and returns figures as JSON can carry them."""

import asyncio
import os
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bench import proc
from bench.load import frames
from bench.load.publishers import Publisher, Rest, body
from bench.load.target import Tally, Target, now

PATIENCE: Final = 90.0
"""Seconds until what was published counts as lost."""
WARM_UPS: Final = 5
"""Times that a server is warmed up at most."""
STEADY: Final = 0.97
"""Share of the cost before from which on a server is as warm as it gets."""
MESSAGE: Final = 200
"""Bytes of a message, as JSON."""
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is measured: a target, whoever is connected to it, and who publishes."""

    target: Target
    size: int
    publisher: Publisher

    @property
    def tally(self) -> Tally:
        """What all have received."""
        return self.target.tally


class Span:
    """From now on: the time, and the CPU of the server, of what is behind it, of the generator, of everyone else."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._received = target.tally.received
        self._before = self._clocks()

    def figures(self, **more: Any) -> Figures:
        """Return what has passed since. CPU is in seconds, the generator's as a share of its core, others' of all."""
        pairs = zip(self._clocks(), self._before, strict=True)
        seconds, server, helpers, own, machine = (now - before for now, before in pairs)
        foreign = max(0.0, machine - server - helpers - own) / (seconds * (os.cpu_count() or 1))
        deliveries = self._target.tally.received - self._received
        found = {"seconds": seconds, "cpu": server, "helpers": helpers, "generator": own / seconds, "foreign": foreign}
        return found | {"deliveries": deliveries} | more

    def _clocks(self) -> tuple[float, ...]:
        target = self._target
        used = proc.cpu(target.pids), proc.cpu(target.helpers), time.process_time(), proc.machine()
        return (time.perf_counter(), *used)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._before[0]


async def closed(crowd: Crowd, *, seconds: float, warm_up: float, burst: int = 1, topics: int = 1) -> Figures:
    """Publish *burst* messages to each of *topics*, and the next when everyone has them; for *seconds*."""
    expected = crowd.size * burst

    def publish() -> None:
        messages = [body(MESSAGE, frames.stamped(now()))] * burst
        for topic in range(topics):
            crowd.publisher.publish(topic, messages)

    await _warm_up(crowd, publish, expected, warm_up)
    span = Span(crowd.target)
    rounds, lost = await _rounds(crowd, publish, expected, seconds)
    return span.figures(rounds=len(rounds), round_p50=percentile(rounds, 0.5), lost=lost)


async def _warm_up(crowd: Crowd, publish: Callable[[], None], expected: int, seconds: float) -> None:
    """Publish for *seconds*, and again while a delivery still costs the server less than in the time before."""
    best = float("inf")
    for _ in range(WARM_UPS if seconds else 0):
        span = Span(crowd.target)
        await _rounds(crowd, publish, expected, seconds)
        found = span.figures()
        cost = found["cpu"] / max(1, found["deliveries"])
        if cost > STEADY * best:
            return
        best = cost


async def _rounds(crowd: Crowd, publish: Callable[[], None], expected: int, seconds: float) -> tuple[list[float], int]:
    """Publish and wait, again and again for *seconds*; return how long each took, and how many messages were lost."""
    end = time.perf_counter() + seconds
    took: list[float] = []
    lost = 0
    while time.perf_counter() < end:
        began = time.perf_counter()
        finished = crowd.tally.expect(expected)
        publish()
        try:
            async with asyncio.timeout(PATIENCE):
                await finished
        except TimeoutError:
            lost += crowd.tally.awaited - crowd.tally.received
            break
        took.append(time.perf_counter() - began)
    return took, lost


async def paced(crowd: Crowd, *, rate: float, seconds: float, warm_up: float) -> Figures:
    """Publish *rate* messages a second, whatever has come of those before, and time each delivery."""
    await _pace(crowd, rate, warm_up)
    delays: array[int] = array("q")
    crowd.tally.delays = delays
    span = Span(crowd.target)
    lost, late = await _pace(crowd, rate, seconds)
    crowd.tally.delays = None
    return span.figures(lost=lost, late=late, **spread(delays))


async def _pace(crowd: Crowd, rate: float, seconds: float) -> tuple[int, float]:
    """Publish on time; return what was lost, and the most seconds by which the generator itself was late."""
    count = max(1, round(rate * seconds))
    finished = crowd.tally.expect(count * crowd.size)
    began, late = time.perf_counter(), 0.0
    for number in range(count):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        late = max(late, time.perf_counter() - due)
        crowd.publisher.publish(0, [body(MESSAGE, frames.stamped(now()))])
    try:
        async with asyncio.timeout(PATIENCE):
            await finished
    except TimeoutError:
        return crowd.tally.awaited - crowd.tally.received, late
    return 0, late


async def posts(crowd: Crowd, rest: Rest, *, count: int, warm_up: int) -> Figures:
    """Create notifications over REST one at a time, the next when everyone has it; time each delivery."""
    delays: array[int] = array("q")
    answers: list[float] = []
    span = Span(crowd.target)
    for number in range(warm_up + count):
        if number == warm_up:
            answers.clear()
            crowd.tally.delays = delays
            span = Span(crowd.target)
        began = time.perf_counter()
        finished = crowd.tally.expect(crowd.size)
        title = frames.stamped(now()).decode()
        status = await rest.request("POST", "/api/v1/notifications", {"title": title, "message": "x" * 100})
        answers.append((time.perf_counter() - began) * 1000)
        if status != 201:
            raise ConnectionError(f"POST was answered with {status}.")
        async with asyncio.timeout(PATIENCE):
            await finished
    crowd.tally.delays = None
    return span.figures(answer_p50=percentile(answers, 0.5), **spread(delays))


async def bulk(crowd: Crowd, *, count: int, patience: float) -> Figures:
    """Have *count* notifications created at once; wait until everyone has all of them."""
    assert crowd.publisher.writer is not None
    span = Span(crowd.target)
    finished = crowd.tally.expect(crowd.size * count)
    crowd.publisher.writer.write(frames.frame(b"bulk %d %s" % (count, b'"' + frames.stamped(now()) + b'"')))
    try:
        async with asyncio.timeout(patience):
            await finished
    except TimeoutError:
        return span.figures(lost=crowd.tally.awaited - crowd.tally.received)
    return span.figures(lost=0)


async def mark_all_read(crowd: Crowd, rest: Rest) -> Figures:
    """Mark everything as read once; return when it was answered, and when each of the user's tabs knew it."""
    crowd.tally.mark = b'"read_through"'
    span = Span(crowd.target)
    finished = crowd.tally.expect(crowd.size)
    status = await rest.request("PUT", "/api/v1/notifications/mark-all-read", {})
    answered = span.elapsed
    async with asyncio.timeout(PATIENCE):
        await finished
    crowd.tally.mark = frames.MARK
    return span.figures(status=status, answer_ms=answered * 1000)


async def publications(crowd: Crowd, *, count: int, burst: int = 1) -> Figures:
    """Publish *burst* messages *count* times, each time when everyone has those before; no more and no fewer.

    `peak` is the most memory that the server held between two times, in bytes.
    """
    span, peak = Span(crowd.target), 0
    for _ in range(count):
        finished = crowd.tally.expect(crowd.size * burst)
        crowd.publisher.publish(0, [body(MESSAGE, frames.stamped(now()))] * burst)
        async with asyncio.timeout(PATIENCE):
            await finished
        peak = max(peak, proc.memory(crowd.target.pids))
    return span.figures(publications=count, peak=peak)


def spread(delays: "array[int]") -> Figures:
    """Return the percentiles of delays in microseconds, in milliseconds."""
    values = sorted(delays)
    return {name: percentile(values, share) / 1000 for name, share in (("p50", 0.5), ("p99", 0.99), ("worst", 1.0))}


def percentile(values: "list[float] | list[int]", share: float) -> float:
    """Return the value that a *share* of *values* does not exceed; 0 where there are none."""
    ordered = sorted(values)
    return float(ordered[min(len(ordered) - 1, int(share * len(ordered)))]) if ordered else 0.0
