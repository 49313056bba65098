"""Fixtures of the rules: a clock that goes on when it is told to, and what was told."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aether.rules import background
from aether.rules.noticing import notice
from aether.rules.sources import SOURCES
from notifications.models import Notification
from realtime.live_watching import Changed
from realtime.models import Publication

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = {"hostname": "hyperv-01", "cluster_id": None, "connected": True, "error": None}


class Time:
    """The clock of a test, and what happens to hosts by it."""

    def __init__(self) -> None:
        self.now = NOON

    def on(self, seconds: float) -> None:
        """Go on, and do then what a node does every second."""
        self.now += timedelta(seconds=seconds)
        background.tell_due(self.now)

    def host(self, *names: str, connected: bool) -> None:
        """Let hosts be lost or found in one write."""
        error = None if connected else "No route to host."
        changes = [
            Changed(name, {**HOST, "hostname": name, "connected": not connected},
                    {**HOST, "hostname": name, "connected": connected, "error": error})
            for name in names or ("hyperv-01",)
        ]  # fmt: skip
        notice(SOURCES["host"], changes, self.now)


@pytest.fixture
def time(db: None) -> Time:
    """A clock that stands at noon."""
    return Time()


def told() -> list[tuple[str, str]]:
    """Return level and title of what is told now, the oldest first."""
    return list(Notification.objects.filter(deleted_at=None).order_by("created_at").values_list("level", "title"))


def published() -> list[dict[str, Any]]:
    """Return what was published of notifications since the last call."""
    rows = Publication.objects.filter(stream="notifications").order_by("id")
    found = [json.loads(row.body) for row in rows]
    rows.delete()
    return found


def opened() -> int:
    """Return how many of the publications since the last call were news: unread for everyone."""
    return sum(body["data"].get("read") is False for body in published())
