"""Tests of asking together: one round for everyone who waits, and nobody is left without an answer."""

import asyncio
from collections.abc import Sequence

import pytest
from django.db import OperationalError

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
        if -1 in asked:
            raise ValueError("minus one")
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


async def test_a_crowd_gathers_between_rounds() -> None:
    """Who asks right after a round does not get one alone: those who come a moment later share it."""
    work = Work()
    together: Together[int, int] = Together(work)
    for _ in range(3):
        work.through.release()
    assert await together.ask(1) == 2
    second = asyncio.create_task(together.ask(2))
    await asyncio.sleep(0)  # One turn of the loop, in which nothing may begin.
    third = asyncio.create_task(together.ask(3))
    assert await asyncio.gather(second, third) == [4, 6]
    assert work.rounds == [[1], [2, 3]]


async def test_one_bad_question_costs_nobody_else_the_answer() -> None:
    """What a round fails on is asked one by one: only who asked for it is told."""
    work = Work()
    together: Together[int, int] = Together(work)
    first = asyncio.create_task(together.ask(1))
    await wait_until(lambda: work.rounds == [[1]])
    others = [asyncio.create_task(together.ask(number)) for number in (2, -1, 3)]
    for _ in range(5):
        work.through.release()
    assert await first == 2
    good, bad, other = await asyncio.gather(*others, return_exceptions=True)
    assert (good, type(bad), other) == (4, ValueError, 6)
    assert work.rounds == [[1], [2, -1, 3], [2], [-1], [3]]


async def test_a_database_that_is_away_is_asked_once_for_all() -> None:
    """To ask it for each of a crowd would keep everybody waiting."""
    rounds: list[list[int]] = []

    async def away(asked: Sequence[int]) -> list[int]:
        rounds.append(list(asked))
        raise OperationalError("away")

    together: Together[int, int] = Together(away)
    told = await asyncio.gather(*(together.ask(number) for number in (1, 2)), return_exceptions=True)
    assert [type(one) for one in told] == [OperationalError, OperationalError]
    assert rounds == [[1, 2]]


async def test_a_failure_is_its_rounds_alone() -> None:
    """Everyone of a round that fails is told, and the next one is answered."""
    work = Work()
    together: Together[int, int] = Together(work)
    first = asyncio.create_task(together.ask(-1))
    await wait_until(lambda: work.rounds == [[-1]])
    second = asyncio.create_task(together.ask(2))
    work.through.release()
    with pytest.raises(ValueError, match="minus one"):
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
