"""What a step took: its attempts, one by one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(slots=True)
class Timed:
    """A step of the run. `note` says what came of it; `failed` why it could not be timed."""

    group: str
    name: str
    milliseconds: list[float] = field(default_factory=list)
    note: str = ""
    failed: str = ""

    @property
    def middle(self) -> float:
        """The median, in milliseconds."""
        return median(self.milliseconds)

    @property
    def worst(self) -> float:
        """The longest, in milliseconds."""
        return max(self.milliseconds)

    def take(self, work: Callable[[], Any]) -> Any:
        """Do *work* and note how long it took; return what it returned."""
        began = time.perf_counter()
        result = work()
        self.milliseconds.append(1000 * (time.perf_counter() - began))
        return result
