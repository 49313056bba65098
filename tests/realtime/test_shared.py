"""Tests of what is kept of snapshots for everyone in an audience: for how long, and how much."""

from collections.abc import Collection

import pytest

from realtime import audience, history, outbox
from realtime.shared import AGE, Shared
from realtime.snapshots import Start
from tests.realtime.conftest import item, publish

pytestmark = pytest.mark.django_db(transaction=True)
STREAM = "inventory"
ANN, BEN = audience.for_user(1), audience.for_user(2)


class Clock:
    """Stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def built() -> list[str]:
    """The audiences that were built, in order."""
    return []


@pytest.fixture
def clock() -> Clock:
    """The clock that ages are counted by."""
    return Clock()


@pytest.fixture
def shared(built: list[str], clock: Clock) -> Shared[int]:
    """What counts how often an audience was built; a part weighs ten characters."""
    history.ensure([STREAM])

    def build(names: Collection[str]) -> dict[str, int]:
        return {name: built.append(name) or len(built) for name in names}

    return Shared(STREAM, build, lambda part: 10, clock=clock)


def now() -> Start:
    """Return where the stream stands."""
    return Start(history.head(STREAM), tuple(history.pending(STREAM)))


def test_it_holds_until_something_is_published_to_that_audience(shared: Shared[int], built: list[str]) -> None:
    """Pending, then numbered: each is another state; what others get is none."""
    for _ in range(2):
        shared.of(now(), [ANN, BEN])
    publish(item(1, audience=ANN))
    for _ in range(2):
        shared.of(now(), [ANN, BEN])
    while outbox.relay(STREAM):
        pass
    for _ in range(2):
        shared.of(now(), [ANN, BEN])
    assert built == [ANN, BEN, ANN, ANN]


def test_an_older_reader_neither_takes_nor_leaves_a_newer_part(shared: Shared[int], built: list[str]) -> None:
    """Two consistent reads that overlap each get their own state, and the newer one stays."""
    older = now()
    publish(item(1, audience=ANN))
    while outbox.relay(STREAM):
        pass
    newer = shared.of(now(), [ANN])[ANN]
    assert shared.of(older, [ANN])[ANN] != newer
    assert shared.of(now(), [ANN])[ANN] == newer
    assert built == [ANN, ANN]


def test_it_holds_for_a_while_only(shared: Shared[int], built: list[str], clock: Clock) -> None:
    """A write that sent no signal shows by then."""
    shared.of(now(), [ANN])
    clock.now = AGE
    shared.of(now(), [ANN])
    assert built == [ANN, ANN]


def test_it_has_a_bound(shared: Shared[int], built: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for longest ago makes room."""
    monkeypatch.setattr("realtime.shared.SIZE", 20)
    for name in ("a", "b", "a", "c", "a", "b"):
        shared.of(now(), [name])
    assert built == ["a", "b", "c", "b"]
