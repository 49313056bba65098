"""What the harness adds to its nodes: snapshots that say what they cover, and faults inside a relay."""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db import transaction

COVERED = "chaos_covered"
"""Key in a snapshot's data: by stream, the ids of publications that are pending but already part of the state."""


class ChaosConfig(AppConfig):
    """Must be listed after realtime, whose topics it wraps."""

    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        """Wrap every topic; with CHAOS_FILL_GAPS=false, switch off what repairs a gap on a live node."""
        from realtime import outbox, topics
        from realtime.node import Node

        for topic in topics.registered().values():
            topic.snapshots_at = _witnessed(topic.name, topic.snapshots_at)  # type: ignore[method-assign]
            if os.environ.get("CHAOS_NAME", "").startswith("node"):
                outbox.on_numbered(topic.name, _breakable(topic.numbered))
        if os.environ.get("CHAOS_FILL_GAPS") == "false":
            Node.fill = lambda self, stream, delay=0.0: None  # type: ignore[method-assign]


def _witnessed(stream: str, snapshots: Callable[..., Any]) -> Callable[..., Any]:
    """Let snapshots name the pending publications that they cover."""

    def witnessed(start: Any, users: Any, key: str) -> dict[Any, dict[str, Any]]:
        covered = {f"{COVERED}:{stream}": [item.id for item in start.waiting]}
        return {user_id: data | covered for user_id, data in snapshots(start, users, key).items()}

    return witnessed


def _breakable(numbered: Callable[..., None]) -> Callable[..., None]:
    """Let the harness end or stop this process at the worst moment: while it numbers, or right after that commit."""
    order = Path(os.environ["CHAOS_DIR"]) / f"{os.environ['CHAOS_NAME']}.order"

    def breakable(publications: Sequence[Any]) -> None:
        numbered(publications)
        if not order.exists():
            return
        what = order.read_text()
        order.unlink()
        if what == "stop in relay":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif what == "die in relay":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "die after relay":
            transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))

    return breakable
