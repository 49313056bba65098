"""Waiting for a condition, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE = 0.02


def wait_for(condition: Callable[[], T], deadline: float = 10.0, what: str = "") -> T:
    """Return the first true value of *condition*, which is asked again and again for *deadline* seconds."""
    end = time.monotonic() + deadline
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(
                f"After {deadline} s still waiting for {what or condition}; the last value is {value!r}"
            )
        time.sleep(PAUSE)
    return value


async def wait_until(condition: Callable[[], T | Awaitable[T]], deadline: float = 10.0, what: str = "") -> T:
    """Do the same inside an event loop; *condition* may be a coroutine function."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(
                f"After {deadline} s still waiting for {what or condition}; the last value is {value!r}"
            )
        await asyncio.sleep(PAUSE)
