"""What the snapshots and the REST API show: for each topic that has rows, one for each audience."""

from collections.abc import Callable
from typing import Final

from aether.inventory import actions as inventory_actions
from aether.inventory.models import Host
from aether.jobs import actions as job_actions
from notifications import actions
from realtime.topics import Topic, registered
from tests.authorization.people import KEY, audiences


def notifications() -> None:
    """Make a notification for each audience."""
    for mark, _, told in audiences():
        actions.create(f"<<{mark}>>", f"<<{mark}>>", **told)


def inventory() -> None:
    """Make a host, which everyone may see: its error has their mark."""
    host = {"error": "<<everyone>>", "connected": False}
    inventory_actions.put(Host, KEY, host)


def jobs() -> None:
    """Make a job, which is for everyone."""
    job_actions.create("<<everyone>>")


ROWS: Final[dict[str, Callable[[], None]]] = {"notifications": notifications, "inventory": inventory, "jobs": jobs}
"""Topic → what makes its rows. A topic with a snapshot of its own needs an entry; `make_rows` says so."""


def make_rows() -> None:
    """Make the rows of every registered topic. Raises: AssertionError, where it is not known how."""
    for name, topic in registered().items():
        has_rows = type(topic).snapshot is not Topic.snapshot
        assert not has_rows or name in ROWS or hasattr(topic, "make_rows"), (
            f"The topic {name!r} has a snapshot: add to ROWS in {__file__} what makes a row of it for each audience."
        )
    for make in ROWS.values():
        make()
