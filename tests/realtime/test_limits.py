"""Tests of the limits on what one peer may do."""

from realtime.limits import TokenBucket


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_allows_a_burst_and_then_the_rate() -> None:
    """A full bucket lets a burst through; then one token comes back at a time."""
    clock = Clock()
    bucket = TokenBucket(rate=2, burst=3, clock=clock)
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]
    clock.now += 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]


def test_never_holds_more_than_the_burst() -> None:
    """A long rest earns no more than a full bucket."""
    clock = Clock()
    bucket = TokenBucket(rate=10, burst=2, clock=clock)
    clock.now += 3_600
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_refusals_cost_nothing() -> None:
    """Who asks too often is not kept out for longer by asking."""
    clock = Clock()
    bucket = TokenBucket(rate=1, burst=1, clock=clock)
    assert bucket.take()
    for _ in range(10):
        clock.now += 0.09
        assert not bucket.take()
    clock.now += 0.11
    assert bucket.take()
