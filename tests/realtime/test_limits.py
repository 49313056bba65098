"""Tests of the limits on what one peer may do."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.limits import AT_ONCE, STRANGE, Counts, Rates, TokenBucket, bucket, network

PAUSES = st.lists(st.floats(0, 10), max_size=60)


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


@given(st.floats(0.1, 100), st.integers(1, 50), PAUSES)
def test_never_allows_more_than_burst_and_rate(rate: float, burst: int, pauses: list[float]) -> None:
    """From any moment to any later one, no more pass than the burst and what the rate brought meanwhile."""
    clock = Clock()
    tested = TokenBucket(rate=rate, burst=burst, clock=clock)
    passed: list[float] = []
    for pause in pauses:
        clock.now += pause
        if tested.take():
            passed.append(clock.now)
    for first, start in enumerate(passed):
        for last, end in enumerate(passed[first:], first):
            assert last - first + 1 <= burst + (end - start) * rate + 1e-6


@given(st.floats(0.1, 100), PAUSES)
def test_a_refused_one_passes_after_the_wait(rate: float, pauses: list[float]) -> None:
    """Who waits for as long as it was told is let through."""
    clock = Clock()
    tested = bucket(rate, clock) if rate * AT_ONCE >= 1 else TokenBucket(rate=rate, burst=1, clock=clock)
    for pause in pauses:
        clock.now += pause
        if not tested.take():
            clock.now += tested.wait() + 1e-6
            assert tested.take()


def test_a_rate_of_zero_is_no_limit() -> None:
    """Zero switches a limit off."""
    clock = Clock()
    assert all(bucket(0, clock).take() for _ in range(3))
    tested = bucket(0, clock)
    clock.now += 1
    assert all(tested.take() for _ in range(1_000))
    assert not any(Rates(0, clock).take("a") for _ in range(1_000))
    assert all(Counts().take("a", 0) for _ in range(3))


def test_rates_are_kept_apart_and_forgotten_at_a_bound() -> None:
    """One peer's use is not another's; of too many peers the one that was quiet for longest is forgotten."""
    clock = Clock()
    rates = Rates(1, clock, most=2)
    assert [rates.take("a") > 0 for _ in range(5)] == [False] * 4 + [True]
    assert rates.take("a") == pytest.approx(1.0)
    assert not rates.take("b")
    assert not rates.take("c")
    assert not rates.take("a")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())), st.integers(1, 4))
def test_counts_are_those_of_a_model(steps: list[tuple[str, bool]], limit: int) -> None:
    """Whatever is taken and given back, no key has more than its limit, and what has none is not kept."""
    counts, model = Counts(), dict.fromkeys("abc", 0)
    for key, takes in steps:
        if takes:
            granted = counts.take(key, limit)
            assert granted == (model[key] < limit)
            model[key] += granted
        elif model[key]:
            counts.give_back(key)
            model[key] -= 1
        assert dict(counts) == {key: count for key, count in model.items() if count}


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_one_household_counts_as_one(address: IPv6Address, other: int) -> None:
    """Every address of an IPv6 /64 is counted as the same, however it is written."""
    neighbour = IPv6Address(int(address) >> 64 << 64 | other)
    if address.ipv4_mapped is None and not address.is_loopback and not neighbour.is_loopback:
        if neighbour.ipv4_mapped is None:
            assert network(str(address)) == network(neighbour.exploded)
        assert network(f"{address}%eth0") == network(str(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_counts_as_itself(address: IPv4Address) -> None:
    """It is the same over an IPv6 socket."""
    assert network(f"::ffff:{address}") == network(str(address)) == (None if address.is_loopback else str(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "", None])
def test_this_machine_is_not_counted(address: str | None) -> None:
    """Many tabs of a developer, or a server on this machine for all of its own users, are no flood."""
    assert network(address) is None


@pytest.mark.parametrize("address", ["unknown", "a, b", "1.2.3.4.5", "x" * 9_999])
def test_what_is_no_address_gains_nothing(address: str) -> None:
    """Made-up addresses are counted together, so that a new one each time is no way around a limit."""
    assert network(address) == STRANGE
