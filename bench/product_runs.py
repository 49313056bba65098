"""What only Aether does: a REST write that reaches browsers, bulk changes, mark-all-read, and several nodes."""

from collections.abc import Iterator

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
ROUTE = "aether"
ROW = "Aether"


def run(wanted: list[str], place: Place, load: Driver, sizes: Sizes) -> Iterator[Record]:
    """Measure the *wanted* scenarios."""
    if set(wanted) & {"post", "bulk", "read"}:
        with Aether().start(place) as running:
            session = Session(Aether(), running, place, load, sizes)
            yield from _notifications(session, wanted, place, sizes)
    if "layer" in wanted:
        with AetherOnValkey().start(place) as running:
            yield from _layer(Session(AetherOnValkey(), running, place, load, sizes), running, sizes)


def _notifications(session: Session, wanted: list[str], place: Place, sizes: Sizes) -> Iterator[Record]:
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
    """Count what a publication costs Valkey, with few sockets on the node and with many; its idle beat is taken off."""
    session.aim(Aether.single)
    for count in (FEW, sizes.idle):
        session.grow_to(count)
        session.measure("publications", ROUTE, count=5)
        before = usage(running.helper_port)
        idle = session.idle(3.0)
        between = usage(running.helper_port)
        found = session.measure("publications", ROUTE, count=PUBLICATIONS)
        after = usage(running.helper_port)
        beats = found["seconds"] / idle["seconds"]
        counted = {name: after[name] - between[name] for name in after if name != "cpu" and name in between}
        rest = {name: between[name] - before.get(name, 0.0) for name in between if name != "cpu"}
        commands = (sum(counted.values()) - beats * sum(rest.values())) / PUBLICATIONS
        cpu = (after["cpu"] - between["cpu"] - beats * (between["cpu"] - before["cpu"])) / PUBLICATIONS
        layer = {"commands": commands, "valkey_us": cpu * 1e6, "published": counted.get("publish", 0.0) / PUBLICATIONS}
        yield Record(ROW, "layer", count, 0, found | layer)
