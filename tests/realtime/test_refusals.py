"""Tests of the one place through which refusals pass."""

import logging

import pytest

from realtime.refusals import Refusals


def test_a_flood_of_refusals_is_no_flood_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """So many lines are written; the next one after a pause tells how many were left out."""
    now = [0.0]
    refusals = Refusals(clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            refusals.record("LIMIT_MESSAGES", address="192.0.2.1", transport="websocket")
        written = len(caplog.messages)
        assert 0 < written < 50
        assert vars(caplog.records[0]).items() >= {"limit": "LIMIT_MESSAGES", "address": "192.0.2.1"}.items()
        now[0] += 1
        refusals.record("LIMIT_MESSAGES")
    assert caplog.messages[-1] == f"{500 - written} more refusals were not logged."
