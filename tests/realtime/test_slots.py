"""Tests of the numbers that workers share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime import metrics
from realtime.metrics import Reading
from realtime.slots import Slot


def reading(*, connections: float, deliveries: float) -> Reading:
    """Return a worker's numbers: a gauge, a counter and a histogram."""
    return {
        "aether_connections": {("websocket", "v1"): [connections]},
        "aether_deliveries_total": {(): [deliveries]},
        "aether_relay_batch_size": {(): [deliveries, *[0.0] * 10, deliveries]},
    }


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Slot, Slot]]:
    """Two workers that have told of themselves."""
    first, second = Slot(tmp_path), Slot(tmp_path)
    first.write(reading(connections=2, deliveries=10))
    second.write(reading(connections=3, deliveries=5))
    yield first, second
    first.close()
    second.close()


def test_each_worker_answers_for_all(two: tuple[Slot, Slot]) -> None:
    """Whichever worker is asked, it answers with the same sums."""
    first, second = two
    assert first.total() == second.total() == reading(connections=5, deliveries=15)


def test_gauges_of_a_dead_worker_vanish_and_counters_stay(two: tuple[Slot, Slot]) -> None:
    """What there was at a worker that ended is gone; what it did has been done."""
    first, second = two
    first.close()
    assert second.total() == reading(connections=3, deliveries=15)


def test_whoever_takes_its_place_goes_on(two: tuple[Slot, Slot], tmp_path: Path) -> None:
    """However often workers die, there are no more files than workers at once, and no counter goes back."""
    first, second = two
    first.close()
    for _ in range(3):
        next_one = Slot(tmp_path)
        next_one.write(reading(connections=1, deliveries=1))
        next_one.close()
    assert second.total() == reading(connections=3, deliveries=18)
    assert len(list(tmp_path.glob("*.json"))) == 2


def test_numbers_of_another_version_are_left_out(two: tuple[Slot, Slot], tmp_path: Path) -> None:
    """A histogram with other buckets, and a metric that is none any more, disturb nobody."""
    first, second = two
    first.close()
    (tmp_path / "0.json").write_text('{"aether_gone": [[[], [1.0]]], "aether_relay_batch_size": [[[], [1.0, 2.0]]]}')
    assert second.total() == reading(connections=3, deliveries=5)


def test_a_worker_without_numbers_yet_is_no_hindrance(tmp_path: Path) -> None:
    """Between a worker's start and its first numbers the others answer all the same."""
    first, starting = Slot(tmp_path), Slot(tmp_path)
    first.write(reading(connections=2, deliveries=10))
    assert first.total() == reading(connections=2, deliveries=10)
    first.close()
    starting.close()


def test_every_sample_has_its_width() -> None:
    """Each metric reads samples as wide as it says, with and without a node."""
    for name, samples in metrics.read(None).items():
        [metric] = [one for one in metrics.METRICS if one.name == name]
        assert {len(sample) for sample in samples.values()} <= {metric.width}
        assert {len(labels) for labels in samples} <= {len(metric.labels)}
