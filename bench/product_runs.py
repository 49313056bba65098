"""What only Aether does: a REST write that reaches browsers, bulk changes, mark-all-read, and several nodes."""

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any

from bench import stalled
from bench.driver import Driver
from bench.peers.aether import Aether, AetherOnValkey
from bench.peers.base import Place, Running
from bench.peers.valkey import usage
from bench.plan import FEW, Sizes
from bench.product.prepare import READER, WRITER
from bench.session import Record, Session

BULK = 1_000
TABS = 10
PUBLICATIONS = 50
IDLE = 3.0
"""Seconds for which an idle node is watched, whose beat is taken off."""
ROUTE = "aether"
ROW = "Aether"


def run(wanted: Collection[str], place: Place, load: Driver, sizes: Sizes) -> Iterator[Record]:
    """Measure the *wanted* scenarios."""
    if set(wanted) & {"post", "bulk", "read"}:
        with Aether().start(place) as running:
            session = Session(Aether(), running, place, load, sizes)
            yield from _notifications(session, wanted, place, sizes)
    if "stalled" in wanted:
        with Aether().start(place) as running:
            session = Session(Aether(), running, place, load, sizes)
            yield Record(ROW, "stalled", sizes.middle, 0, stalled.measure(session, running, sizes))
    if "layer" in wanted:
        with AetherOnValkey().start(place) as running:
            yield from _layer(Session(AetherOnValkey(), running, place, load, sizes), running, sizes)


def _notifications(session: Session, wanted: Collection[str], place: Place, sizes: Sizes) -> Iterator[Record]:
    if "read" in wanted:
        session.aim(("notifications",), sessions=(place.sessions[READER],))
        session.grow_to(TABS)
        found = session.measure("mark_all_read", ROUTE, session=place.sessions[READER])
        yield Record(ROW, "read", TABS, 0, found)
    if not set(wanted) & {"post", "bulk"}:
        return
    session.aim(("notifications",))
    session.grow_to(sizes.middle)
    if "post" in wanted:
        found = session.measure("posts", ROUTE, session=place.sessions[WRITER], count=sizes.posts, warm_up=5)
        yield Record(ROW, "post", sizes.middle, 0, found)
    if "bulk" in wanted:
        yield Record(ROW, "bulk", sizes.middle, 0, session.measure("bulk", ROUTE, count=BULK, patience=120))


def _layer(session: Session, running: Running, sizes: Sizes) -> Iterator[Record]:
    """Count what a publication costs Valkey, with few sockets on the node and with many."""
    session.aim(Aether.single)
    for count in (FEW, sizes.idle):
        session.grow_to(count)
        session.measure("publications", ROUTE, count=5)
        yield Record(ROW, "layer", count, 0, _on_valkey(session, running.helper_port))


def _on_valkey(session: Session, port: int) -> dict[str, Any]:
    """Return Valkey's commands and CPU for each of some publications, less what it does for an idle node."""
    readings = [usage(port)]
    idle = session.idle(IDLE)
    readings.append(usage(port))
    found = session.measure("publications", ROUTE, count=PUBLICATIONS)
    readings.append(usage(port))
    beats = found["seconds"] / idle["seconds"]
    resting, busy = (
        {name: after[name] - before.get(name, 0.0) for name in after} for before, after in pairwise(readings)
    )
    own = {name: (value - beats * resting.get(name, 0.0)) / PUBLICATIONS for name, value in busy.items()}
    cpu = own.pop("cpu")
    return found | {"commands": sum(own.values()), "valkey_us": cpu * 1e6, "by_command": own}
