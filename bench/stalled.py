"""Healthy clients beside many that never read: what they notice of them, and what those take of the node's memory.

The same clients are paced alone, beside the others while the node keeps their messages for them, and again when those
were closed. The kernel's buffers are filled before; afterwards as much is published as no bound would hold.
"""

from statistics import mean
from typing import Any, Final

from bench import proc
from bench.load.measures import MESSAGE
from bench.peers.aether import Aether
from bench.peers.base import Running
from bench.plan import BURST, Sizes
from bench.session import Session
from tests.chaos.processes import wait_for

ROUTE: Final = "aether"
BOUND: Final = 1024 * 1024
"""Bytes that may wait for one client: the default of `WEBSOCKET_SEND_BUFFER`."""
FILL: Final = 320 * 1024
"""Bytes for each client after which the kernel's buffers and the transport's are full."""
RATE: Final = 20.0
"""Publications a second: enough for a 99th percentile that one late one does not make."""
CLOSED: Final = 60.0
"""Seconds until those that do not read must be gone: closed by 4100, which they do not take, and then aborted."""


def measure(session: Session, running: Running, sizes: Sizes) -> dict[str, Any]:
    """Return the figures. Raises: TimeoutError, where those that do not read are not closed."""
    session.aim(Aether.single)
    session.grow_to(sizes.middle)
    _publish(session, BOUND)  # What the node keeps of the stream itself is then not counted as theirs.
    alone = [_paced(session, sizes)["p99"]]
    resting, healthy = proc.memory(running.pids), proc.sockets(running.pids)
    session.stall(sizes.stalled)
    connected = proc.memory(running.pids)
    _publish(session, FILL)
    beside = _paced(session, sizes)
    flooded = _publish(session, BOUND)
    wait_for(lambda: proc.sockets(running.pids) <= healthy, CLOSED, "The end of those that do not read")
    alone.append(_paced(session, sizes)["p99"])
    found = {"waiting": flooded["peak"] - connected, "kept": proc.memory(running.pids) - resting,
             "connected": connected - resting}  # fmt: skip
    each = {name: size / sizes.stalled for name, size in found.items()}
    return beside | each | {"alone": mean(alone), "stalled": sizes.stalled, "ended": beside["ended"] + flooded["ended"]}


def _paced(session: Session, sizes: Sizes) -> dict[str, Any]:
    return session.measure("paced", ROUTE, rate=RATE, seconds=sizes.paced, warm_up=0.5)


def _publish(session: Session, size: int) -> dict[str, Any]:
    """Publish at least *size* bytes to everyone."""
    return session.measure("publications", ROUTE, count=1 + size // (BURST * MESSAGE), burst=BURST)
