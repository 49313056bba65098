"""Tests of reading publications back, and of the window of recent ones."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import history, outbox, retention
from realtime.errors import UnrecoverablePosition
from realtime.history import Published, Window
from realtime.models import Publication, Stream
from tests.realtime.conftest import item, publish

T = TypeVar("T")


def published(offset: int, size: int = 2) -> Published:
    """Return a numbered publication with a body of *size* characters."""
    return Published(offset, offset, "everyone", "", None, "x" * size, None)


def number(count: int, stream: str = "inventory") -> None:
    """Publish and number *count* publications."""
    publish(*(item(n, stream) for n in range(1, count + 1)))
    while outbox.relay(stream):
        pass


def elsewhere(work: Callable[[], T]) -> T:
    """Run *work* in another thread, hence on a connection of its own, and return what it does within 5 s."""

    def run() -> T:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result(5)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    start=st.integers(1, 50),
    sizes=st.lists(st.integers(0, 30), max_size=40),
    count=st.integers(1, 12),
    size=st.integers(1, 120),
    asked=st.integers(0, 100),
)
def test_window_agrees_with_a_plain_list(start: int, sizes: list[int], count: int, size: int, asked: int) -> None:
    """Whatever is appended, the window is the newest part of it, within its bounds, and says what it covers."""
    everything = [published(start + place, length) for place, length in enumerate(sizes)]
    window = Window(count=count, size=size)
    for one in everything:
        window.append(one)
    kept = everything[len(everything) - len(window) :]
    assert len(window) <= count
    assert len(kept) <= 1 or sum(len(one.body) for one in kept) <= size
    assert window.first == (kept[0].offset if kept else None)
    assert window.covers(asked) == bool(kept and kept[0].offset <= asked + 1)
    if window.covers(asked):
        assert list(window.since(asked)) == [one for one in everything if one.offset > asked]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(older=st.integers(0, 20), newer=st.integers(0, 5), hole=st.integers(0, 20), count=st.integers(1, 15))
def test_window_grows_backwards_without_a_hole(older: int, newer: int, hole: int, count: int) -> None:
    """Older publications join on as far as they fit, and never over a gap."""
    window = Window(count=count, size=10_000)
    for offset in range(older + 1, older + newer + 1):
        window.append(published(offset))
    window.extend_back(published(offset) for offset in range(older, 0, -1) if offset != hole)
    kept = list(window.since((window.first or 1) - 1))
    offsets = [one.offset for one in kept]
    assert offsets == list(range(offsets[0], offsets[-1] + 1)) if offsets else True
    assert len(window) <= count


def test_window_counts_what_legacy_clients_get() -> None:
    """Messages for older clients use memory too."""
    window = Window(count=10, size=100)
    window.append(published(1, 40))
    window.append(published(2, 10)._replace(legacy="y" * 60))
    assert window.first == 2


def test_a_cleared_window_covers_nothing() -> None:
    """After a reset nothing old may be replayed."""
    window = Window(count=10, size=100)
    window.append(published(1))
    window.clear()
    assert (len(window), window.first, window.covers(0), list(window.since(0))) == (0, None, False, [])


@pytest.mark.django_db(transaction=True)
def test_since_returns_what_came_after_in_order() -> None:
    """A read continues from a position, in chunks, without a hole."""
    number(7)
    assert [one.offset for one in history.since("inventory", 2, limit=3)] == [3, 4, 5]
    assert [one.offset for one in history.since("inventory", 5)] == [6, 7]
    assert history.since("inventory", 7) == []
    assert history.since("jobs", 0) == []


@pytest.mark.django_db(transaction=True)
def test_since_refuses_to_skip_what_was_pruned() -> None:
    """A position whose continuation is gone cannot be resumed."""
    number(6)
    assert retention.prune("inventory", count=3, age=3_600) == 3
    assert [one.offset for one in history.since("inventory", 3)] == [4, 5, 6]
    with pytest.raises(UnrecoverablePosition) as lost:
        history.since("inventory", 2)
    assert lost.value.reason == "window_exceeded"


@pytest.mark.django_db(transaction=True)
def test_since_refuses_when_everything_after_it_was_pruned() -> None:
    """A history that was pruned to nothing is not the same as nothing new."""
    number(6)
    retention.prune("inventory", count=0, age=3_600)
    with pytest.raises(UnrecoverablePosition):
        history.since("inventory", 2)
    assert history.since("inventory", 6) == []


@pytest.mark.django_db(transaction=True)
def test_since_never_returns_a_hole_in_the_middle() -> None:
    """A publication that somebody deleted is noticed wherever it was."""
    number(6)
    Publication.objects.filter(stream="inventory", offset=4).delete()
    with pytest.raises(UnrecoverablePosition):
        history.since("inventory", 2)


@pytest.mark.django_db(transaction=True)
def test_before_returns_the_newest_first_within_bounds() -> None:
    """Reading back stops at the number and at the size."""
    number(9)
    assert [one.offset for one in history.before("inventory", 8, count=3, size=10_000)] == [7, 6, 5]
    one = history.weight(history.since("inventory", 0)[0])
    assert len(history.before("inventory", 10, count=9, size=one * 3)) == 4


@pytest.mark.django_db(transaction=True)
def test_pending_lists_what_has_no_offset() -> None:
    """What is committed and not yet numbered is known by id and key."""
    number(1, "jobs")
    publish(item(2, "jobs", key="7"))
    assert [one.key for one in history.pending("jobs")] == ["7"]
    outbox.relay("jobs")
    assert history.pending("jobs") == []


@pytest.mark.django_db(transaction=True)
def test_a_consistent_read_sees_one_state_and_blocks_no_writer() -> None:
    """What another connection commits in the middle is not seen, and did not have to wait."""
    number(1)
    with history.consistent_read():
        assert history.head("inventory").offset == 1
        elsewhere(lambda: number(2))
        assert history.head("inventory").offset == 1
        assert history.pending("inventory") == []
        assert Publication.objects.filter(stream="inventory").count() == 1
    assert history.head("inventory").offset == 3


@pytest.mark.django_db(transaction=True)
def test_a_consistent_read_does_not_wait_for_a_writer() -> None:
    """While somebody holds the write lock, snapshots are taken all the same."""
    number(1)

    def read() -> int:
        with history.consistent_read():
            return history.head("inventory").offset

    with transaction.atomic():
        Stream.objects.filter(name="inventory").update(head=99)
        assert elsewhere(read) == 1


@pytest.mark.django_db(transaction=True)
def test_writing_is_immediate_again_after_a_consistent_read() -> None:
    """The connection's way of starting transactions is restored, after an error too, and on a fresh connection."""

    def modes() -> list[str | None]:
        found = []
        for _ in range(2):
            with pytest.raises(RuntimeError), history.consistent_read():
                raise RuntimeError
            found.append(getattr(connection, "transaction_mode", None))
        return found

    mode = connection.settings_dict["OPTIONS"].get("transaction_mode")
    assert elsewhere(modes) == modes() == [mode, mode]


@pytest.mark.django_db(transaction=True)
def test_ensure_creates_what_is_missing_and_keeps_what_is_there() -> None:
    """Streams that exist keep their epoch."""
    epoch = history.head("inventory").epoch
    history.ensure(["inventory", "weather"])
    heads = history.heads()
    assert heads["inventory"].epoch == epoch
    assert heads["weather"].offset == 0
