"""Tests of asking together: one round for everyone who waits, and nobody is left without an answer."""

import asyncio
from collections.abc import Sequence

import pytest

from realtime.together import MOST, Together
from tests.support.waiting import wait_until


class Work:
    """Doubles numbers, each round only once it is let through."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.through = asyncio.Semaphore(0)

    async def __call__(self, asked: Sequence[int]) -> list[int]:
        self.rounds.append(list(asked))
        await self.through.acquire()
        if 13 in asked:
            raise ValueError("thirteen")
        return [number * 2 for number in asked]


async def test_who_asks_meanwhile_shares_the_next_round() -> None:
    """The first one waits for nobody; those who come while it is under way are answered together, in any number."""
    work = Work()
    together: Together[int, int] = Together(work)
    first = asyncio.create_task(together.ask(1))
    await wait_until(lambda: work.rounds == [[1]])
    others = [asyncio.create_task(together.ask(number)) for number in range(2, MOST + 5)]
    for _ in range(3):
        work.through.release()
    assert await first == 2
    assert await asyncio.gather(*others) == [number * 2 for number in range(2, MOST + 5)]
    assert [len(asked) for asked in work.rounds] == [1, MOST, 3]


async def test_a_failure_is_its_rounds_alone() -> None:
    """Everyone of a round that fails is told, and the next one is answered."""
    work = Work()
    together: Together[int, int] = Together(work)
    first = asyncio.create_task(together.ask(13))
    await wait_until(lambda: work.rounds == [[13]])
    second = asyncio.create_task(together.ask(2))
    work.through.release()
    with pytest.raises(ValueError, match="thirteen"):
        await first
    work.through.release()
    assert await second == 4


async def test_a_client_that_leaves_takes_nobody_with_it() -> None:
    """One that is cancelled while its round is under way leaves the others their answers."""
    work = Work()
    together: Together[int, int] = Together(work)
    asked = [asyncio.create_task(together.ask(number)) for number in (1, 2)]
    await wait_until(lambda: work.rounds == [[1, 2]])
    asked[0].cancel()
    work.through.release()
    assert await asked[1] == 4


async def test_stopping_leaves_nobody_waiting() -> None:
    """Who still waits is cancelled, and stopping twice is harmless."""
    work = Work()
    together: Together[int, int] = Together(work)
    asked = [asyncio.create_task(together.ask(number)) for number in (1, 2)]
    await wait_until(lambda: bool(work.rounds))
    await together.stop()
    await together.stop()
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in done)
