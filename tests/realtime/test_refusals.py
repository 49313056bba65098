"""Tests of the one place through which refusals pass."""

import logging

import pytest

from realtime.refusals import Peer, Refusals


def test_a_flood_of_refusals_is_no_flood_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """So many lines are written; the next one after a pause tells how many were left out."""
    now = [0.0]
    refusals = Refusals(clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            refusals.record("messages", Peer("192.0.2.1", "a client", 7))
        written = len(caplog.messages)
        assert 0 < written < 50
        assert caplog.messages[0] == "Limit messages exceeded: address 192.0.2.1, user 7, client a client"
        now[0] += 1
        refusals.record("messages", Peer())
    assert f"({500 - written} more were not logged)" in caplog.messages[-1]
