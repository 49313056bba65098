"""What is measured, how often and for how long."""

from dataclasses import dataclass, field
from typing import Any, Final

EVERY_PEER: Final = ("fanout", "burst", "paced", "topics", "storm", "memory")
AETHER_ONLY: Final = ("post", "bulk", "read", "stalled", "layer")
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
    stalled: int
    """Clients that never read, beside those of the middle crowd."""
    repeats: int
    warm_up: float = 0.4
    at_once: int = 100
    """Handshakes under way at a time."""


FULL: Final = Sizes(
    100, 1_000, 5_000, idle=5_000, topics=100, seconds=1.5, paced=4.0, posts=100, stalled=1_000, repeats=3, warm_up=0.3
)
QUICK: Final = Sizes(
    100, 1_000, 1_000, idle=500, topics=10, seconds=0.8, paced=2.0, posts=30, stalled=200, repeats=1, warm_up=0.2
)


@dataclass(frozen=True, slots=True)
class Step:
    """One measurement of a session, in which connections only become more."""

    scenario: str
    subscribers: int
    what: str = "closed"
    options: dict[str, Any] = field(default_factory=dict)
    topics: int = 1


def sessions(sizes: Sizes, wanted: tuple[str, ...], *, heavy: bool = False, again: bool = False) -> list[list[Step]]:
    """Return the steps of any peer, those of the *wanted* scenarios, by the server that they share.

    Only those share one whose connections are the same ones: each other crowd meets a server without a past.

    For *heavy* peers, to whom a burst takes half a minute, there is no warm-up but the steps before, and what takes
    longest is not done *again*.
    """
    timed = {"seconds": sizes.seconds, "warm_up": 0.0 if heavy else sizes.warm_up}
    paced = {"rate": RATE, "seconds": sizes.paced, "warm_up": 1.0}
    crowds = (sizes.small, sizes.middle, *([sizes.large] if sizes.large > sizes.middle else []))
    every = [
        [*(Step("fanout", crowd, options=timed) for crowd in crowds),
         Step("paced", sizes.large, what="paced", options=paced)],
        [Step("storm", sizes.middle, what=""), Step("burst", sizes.middle, options=timed | {"burst": BURST})],
        [Step("topics", sizes.topics * 50, options=timed | {"topics": sizes.topics}, topics=sizes.topics)],
    ]  # fmt: skip
    kept = [[step for step in steps if step.scenario in wanted and not (heavy and again and _is_long(step, sizes))]
            for steps in every]  # fmt: skip
    return [steps for steps in kept if steps]


def _is_long(step: Step, sizes: Sizes) -> bool:
    return step.scenario not in {"fanout", "storm"} or step.subscribers > sizes.middle
