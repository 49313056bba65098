"""How long a run will take, from how fast the servers roughly are."""

from collections.abc import Collection, Sequence
from typing import Final

from bench import plan
from bench.peers.base import Peer
from bench.plan import Sizes, Step
from bench.session import SETTLE

WARMING: Final = 3
"""Times that a server is warmed up, mostly."""
OWN: Final = {"post": 0.12, "bulk": 4.0, "read": 1.0, "layer": 12.0, "stalled": 20.0}
"""Seconds that Aether alone takes for one of them, beside its connects; for each request in `post`."""


def seconds(peers: Sequence[Peer], sizes: Sizes, wanted: Collection[str]) -> float:
    """Return how long measuring *peers* will take."""
    total = 0.0
    for peer in peers:
        for repeat in range(sizes.repeats):
            every = plan.sessions(sizes, tuple(wanted), heavy=peer.heavy, again=repeat > 0)
            total += sum(_session(peer, steps) for steps in every)
        if "memory" in wanted:
            total += len(peer.compressions) * (peer.pace.start + sizes.idle / peer.pace.connects + 2 * SETTLE)
        if peer.name == "aether":
            total += sizes.repeats * _own(peer, sizes, wanted)
    return total


def _session(peer: Peer, steps: list[Step]) -> float:
    total = peer.pace.start + max(step.subscribers for step in steps) / peer.pace.connects
    return total + sum(_step(peer, step) for step in steps if step.what) * len(peer.routes)


def _step(peer: Peer, step: Step) -> float:
    options = step.options
    each = step.subscribers * peer.pace.delivery / 1e6
    if step.what == "paced":
        span = options["seconds"] + options["warm_up"]
        return float(max(span, span * options["rate"] * each))
    one_round = each * options.get("burst", 1) if peer.heavy else 0.0
    return float(max(options["seconds"], one_round) + WARMING * options["warm_up"])


def _own(peer: Peer, sizes: Sizes, wanted: Collection[str]) -> float:
    crowds = {"stalled": sizes.middle + sizes.stalled, "layer": sizes.idle, "post": sizes.middle, "bulk": sizes.middle}
    costs = OWN | {"post": OWN["post"] * sizes.posts, "stalled": OWN["stalled"] + 3 * sizes.paced}
    return sum(
        costs[name] + peer.pace.start + crowds.get(name, 0) / peer.pace.connects for name in costs if name in wanted
    )
