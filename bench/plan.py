"""What is measured, how often and for how long."""

from dataclasses import dataclass, field
from typing import Any, Final

EVERY_PEER: Final = ("fanout", "burst", "paced", "topics", "storm", "memory")
AETHER_ONLY: Final = ("post", "bulk", "read", "layer")
SCENARIOS: Final = EVERY_PEER + AETHER_ONLY
BURST: Final = 50
"""Messages that are published at once in a burst."""
RATE: Final = 5.0
"""Publications a second, where they are paced."""
FEW: Final = 5
"""Sockets of the smaller node, where the channel layer's part of a publication is counted."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large and how long; times in seconds."""

    small: int
    middle: int
    large: int
    idle: int
    topics: int
    seconds: float
    paced: float
    posts: int
    repeats: int
    warm_up: float = 0.4
    at_once: int = 100
    """Handshakes under way at a time."""


FULL: Final = Sizes(100, 1_000, 5_000, idle=5_000, topics=100, seconds=1.5, paced=4.0, posts=100, repeats=3)
QUICK: Final = Sizes(100, 1_000, 1_000, idle=500, topics=10, seconds=0.8, paced=2.0, posts=30, repeats=1, warm_up=0.2)


@dataclass(frozen=True, slots=True)
class Step:
    """One measurement of a session, in which connections only become more until the topics change."""

    scenario: str
    subscribers: int
    what: str = "closed"
    options: dict[str, Any] = field(default_factory=dict)
    topics: int = 1


def steps(sizes: Sizes, wanted: tuple[str, ...], *, heavy: bool = False, again: bool = False) -> list[Step]:
    """Return the steps of a session of any peer, those of the *wanted* scenarios, in order.

    For *heavy* peers, to whom a burst takes half a minute, there is no warm-up but the steps before, and what takes
    longest is not done *again*.
    """
    timed = {"seconds": sizes.seconds, "warm_up": 0.0 if heavy else sizes.warm_up}
    paced = {"rate": RATE, "seconds": sizes.paced, "warm_up": 1.0}
    every = [
        Step("fanout", sizes.small, options=timed),
        Step("storm", sizes.middle, what=""),
        Step("fanout", sizes.middle, options=timed),
        Step("burst", sizes.middle, options=timed | {"burst": BURST}),
        *([Step("fanout", sizes.large, options=timed)] if sizes.large > sizes.middle else []),
        Step("paced", sizes.large, what="paced", options=paced),
        Step("topics", sizes.topics * 50, options=timed | {"topics": sizes.topics}, topics=sizes.topics),
    ]
    if heavy and again:
        every = [step for step in every if step.scenario in {"fanout", "storm"} and step.subscribers <= sizes.middle]
    return [step for step in every if step.scenario in wanted]
