"""Many who ask at the same time, answered by one piece of work: what makes a crowd that comes back cheap."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from django.db import InterfaceError, OperationalError

Question = TypeVar("Question")
Answer = TypeVar("Answer")
MOST: Final = 100
"""Questions answered at once: the last of them waits for all, and the work holds memory for all."""
GATHER: Final = 0.03
"""Seconds between two rounds, in which a crowd gathers: most of what a small round costs it costs whatever its size."""


class Together(Generic[Question, Answer]):
    """Collect what is asked while *work* is under way, and answer all of it with the next one.

    Who asks when nothing was under way just now waits for nobody. *work* takes the questions and returns their answers
    in the same order. What it raises, they get: all of a round where the database is away, else those whose question
    it was.
    """

    def __init__(self, work: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._work = work
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._rounds: asyncio.Task[None] | None = None
        self._next_at = 0.0

    async def ask(self, question: Question) -> Answer:
        """Return the answer to *question*. Raises what the work raises."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._rounds is None:
            # In a context of its own: it works for everyone, and must not log in the name of who came first.
            rounds = self._answer_all()
            self._rounds = asyncio.create_task(rounds, name="together", context=contextvars.Context())
        return await answer

    async def stop(self) -> None:
        """Answer nobody any more: who still waits is cancelled. Safe to call twice."""
        rounds, self._rounds = self._rounds, None
        for _, answer in self._waiting:
            answer.cancel()
        if rounds is not None:
            rounds.cancel()
            await asyncio.gather(rounds, return_exceptions=True)

    async def _answer_all(self) -> None:
        under_way: list[tuple[Question, asyncio.Future[Answer]]] = []
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if len(self._waiting) < MOST:
                    await asyncio.sleep(self._next_at - loop.time())
                under_way, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._answer(under_way)
                self._next_at = loop.time() + GATHER
        finally:
            self._rounds = None
            for _, answer in (*under_way, *self._waiting):
                answer.cancel()  # Those that were answered are past that.
            self._waiting.clear()

    async def _answer(self, asked: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([question for question, _ in asked])
        except Exception as error:  # noqa: BLE001  Whoever asked decides what to make of it.
            if len(asked) > 1 and not isinstance(error, OperationalError | InterfaceError):
                for one in asked:  # Else one bad question would cost all the others their answers.
                    await self._answer([one])
                return
            for _, waiting in asked:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for (_, waiting), answer in zip(asked, answers, strict=True):
            if not waiting.done():  # Else the client has gone meanwhile.
                waiting.set_result(answer)
