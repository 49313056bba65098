"""Tests of what a process counts."""

import threading

from realtime.counters import SECONDS, FanOut, Histogram, Tally


def test_histogram_counts_up_to_its_bounds() -> None:
    """A value belongs to the first bucket whose bound it does not pass, and to the last one above all of them."""
    histogram = Histogram((1, 2, 5))
    for value in (0.5, 1, 1.5, 5, 6, -3):
        histogram.observe(value)
    assert histogram.numbers == [3, 1, 1, 1, 14.0]


def test_tally_of_many_threads_loses_nothing() -> None:
    """What several threads count at once is all there, and a known label begins with 0."""
    tally = Tally(["never"])
    threads = [threading.Thread(target=lambda: [tally.add("often") for _ in range(1_000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.counts == {"never": 0, "often": 8_000}


def test_delay_runs_from_the_row() -> None:
    """The delay is the time since the row was written; a publisher's clock that is ahead gives none at all."""
    counts = FanOut()
    counts.written([100.0, 99.96, 101.0], now=100.0)
    found = dict(zip(SECONDS, counts.delays.numbers, strict=False))
    assert (found[SECONDS[0]], found[0.05], sum(found.values())) == (2, 1, 3)
