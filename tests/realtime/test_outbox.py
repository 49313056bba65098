"""Tests of publishing and numbering: nothing is lost, numbered twice, or out of order."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from realtime import history, outbox
from realtime.errors import OutsideTransaction
from realtime.history import Published
from realtime.models import Publication
from realtime.outbox import Draft
from realtime.relayer import Relayer
from tests.realtime.conftest import item, publish
from tests.support.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


class Undone(Exception):
    """A change that its author takes back."""


class Deliveries:
    """What a relayer handed on."""

    def __init__(self) -> None:
        self.offsets: dict[str, list[int]] = {}

    def __call__(self, stream: str, items: Sequence[Published]) -> None:
        self.offsets.setdefault(stream, []).extend(one.offset for one in items)


@pytest.fixture
def deliveries() -> Deliveries:
    """An empty list of deliveries."""
    return Deliveries()


@pytest.fixture
def relayer(deliveries: Deliveries) -> Iterator[Relayer]:
    """A relayer that runs."""
    relayer = Relayer(deliveries)
    relayer.start()
    yield relayer
    relayer.stop()


def test_publishes_with_the_commit() -> None:
    """What is committed is pending, in the order of publishing, with all that the draft said."""
    publish(item(1, key="a", version=4, audience="user:7", legacy=[{"n": 1}]), item(2))
    first, second = outbox.relay("inventory")
    assert (first.offset, first.audience, first.key, first.version) == (1, "user:7", "a", 4)
    assert (first.body, first.legacy) == ('{"type":"inventory","action":"updated","data":{"n":1}}', '[{"n":1}]')
    assert (second.offset, second.audience, second.version, second.legacy) == (2, "everyone", None, None)


def test_a_rollback_publishes_nothing() -> None:
    """A change that did not happen is not announced, and wakes nobody."""
    woken: list[int] = []
    forget = outbox.on_wake(lambda: woken.append(1))
    with suppress(Undone), transaction.atomic():
        outbox.publish(item(1))
        raise Undone
    forget()
    assert (Publication.objects.count(), woken) == (0, [])


def test_a_savepoint_that_is_rolled_back_publishes_nothing() -> None:
    """Only what belongs to the rolled back part is gone."""
    with transaction.atomic():
        outbox.publish(item(1))
        with suppress(Undone), transaction.atomic():
            outbox.publish(item(2))
            raise Undone
        outbox.publish(item(3))
    assert [one.body[-3] for one in outbox.relay("inventory")] == ["1", "3"]


def test_wakes_once_it_is_committed() -> None:
    """Relayers hear of a publication after the commit and not before."""
    woken: list[bool] = []
    forget = outbox.on_wake(lambda: woken.append(connection.in_atomic_block))
    with transaction.atomic():
        outbox.publish_many(item(n) for n in range(3))
        assert woken == []
    forget()
    assert woken == [False]


def test_a_waker_that_was_forgotten_is_not_called() -> None:
    """Forgetting is final and may be repeated."""
    woken: list[int] = []
    forget = outbox.on_wake(lambda: woken.append(1))
    forget()
    forget()
    publish(item(1))
    assert woken == []


def test_publishing_outside_a_transaction_is_an_error_in_debug(settings: Settings) -> None:
    """A developer learns of it at once, before anything is stored."""
    settings.DEBUG = True
    with pytest.raises(OutsideTransaction):
        outbox.publish(item(1))
    assert Publication.objects.count() == 0


def test_publishing_outside_a_transaction_works_in_production(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """There it is logged, since an announcement that is not atomic is better than none."""
    settings.DEBUG = False
    outbox.publish(item(1))
    assert "outside a transaction" in caplog.text
    assert len(outbox.relay("inventory")) == 1


def test_publishing_nothing_is_nothing() -> None:
    """An empty list needs no transaction."""
    outbox.publish_many([])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_refuses_what_no_browser_could_read(value: float) -> None:
    """NaN is no JSON: one such message would break every client that gets it."""
    with pytest.raises(ValueError, match="JSON"), transaction.atomic():
        outbox.publish(Draft("inventory", {"type": "inventory", "data": value}))


def test_numbers_densely_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many batches continue each other without a hole, and the head follows."""
    monkeypatch.setattr(outbox, "BATCH", 10)
    publish(*(item(n) for n in range(47)))
    numbered: list[int] = []
    while items := outbox.relay("inventory"):
        assert len(items) <= 10
        numbered += [one.offset for one in items]
    assert numbered == list(range(1, 48))
    assert history.head("inventory").offset == 47
    assert [one.body for one in history.since("inventory", 0)] == [outbox.encode(item(n).body) for n in range(47)]


def test_streams_are_numbered_apart() -> None:
    """Each stream has its own dense offsets."""
    publish(item(1), item(1, "jobs"), item(2), item(2, "jobs"))
    assert [one.offset for one in outbox.relay("jobs")] == [1, 2]
    assert outbox.pending_streams() == ["inventory"]
    assert [one.offset for one in outbox.relay("inventory")] == [1, 2]


def test_looking_for_streams_does_not_read_the_history() -> None:
    """What is pending is found by its own index, however much is stored; the stream that waits longest comes first."""
    publish(item(1, "jobs"), item(1))
    outbox.relay("inventory")
    publish(item(2))
    with CaptureQueriesContext(connection) as queries:
        assert outbox.pending_streams() == ["jobs", "inventory"]
    with connection.cursor() as cursor, transaction.atomic():
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN '}{queries[0]['sql']}")
        assert "realtime_pending" in str(cursor.fetchall())


def test_two_relayers_at_once_number_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that relay while others publish give every publication one offset, without holes."""
    monkeypatch.setattr(outbox, "BATCH", 7)
    found: list[Published] = []
    published = threading.Event()

    def closing(work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            connection.close()

    def relay() -> None:
        while not published.is_set() or Publication.objects.filter(offset__isnull=True).exists():
            found.extend(outbox.relay("inventory"))

    def write() -> None:
        for number in range(20):
            publish(item(number), item(-number))

    with ThreadPoolExecutor(4) as threads:
        relaying = [threads.submit(closing, relay) for _ in range(2)]
        writing = [threads.submit(closing, write) for _ in range(2)]
        wait(writing, 20)
        published.set()
        for done in (*writing, *relaying):
            done.result(20)
    assert sorted(one.offset for one in found) == list(range(1, 81))
    assert len({one.id for one in found}) == 80
    assert history.head("inventory").offset == 80


def test_a_relayer_delivers_what_was_committed(relayer: Relayer, deliveries: Deliveries) -> None:
    """Every stream comes, in order, and only once."""
    for number in range(1, 6):
        publish(item(number), item(number, "jobs"))
    everything = {"inventory": [1, 2, 3, 4, 5], "jobs": [1, 2, 3, 4, 5]}
    wait_for(lambda: deliveries.offsets == everything, what=f"{deliveries.offsets}")


def test_a_relayer_empties_the_outbox_in_one_pass(
    relayer: Relayer, deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One wake-up is enough for several batches."""
    monkeypatch.setattr(outbox, "BATCH", 10)
    publish(*(item(n) for n in range(35)))
    wait_for(lambda: deliveries.offsets.get("inventory") == list(range(1, 36)))


def test_a_relayer_survives_a_delivery_that_fails(deliveries: Deliveries) -> None:
    """What goes wrong with one batch does not end the thread."""
    failed = threading.Event()

    def deliver(stream: str, items: Sequence[Published]) -> None:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("The first delivery fails.")
        deliveries(stream, items)

    relayer = Relayer(deliver)
    relayer.start()
    publish(item(1))
    assert failed.wait(5)
    publish(item(2))
    wait_for(lambda: deliveries.offsets.get("inventory") == [2])
    relayer.stop()


def test_one_bad_stream_does_not_stop_the_others(
    relayer: Relayer, deliveries: Deliveries, caplog: pytest.LogCaptureFixture
) -> None:
    """A hook that always fails keeps its own stream pending, and no other."""
    for name in ("aaa", "zzz"):
        outbox.on_numbered(name, _refuse)
    publish(item(1, "aaa"), item(1, "zzz"), item(1, "inventory"), item(1, "jobs"))
    wait_for(lambda: deliveries.offsets == {"inventory": [1], "jobs": [1]}, 5, "the good streams")
    assert set(outbox.pending_streams()) == {"aaa", "zzz"}


def test_a_relayer_may_start_and_stop_twice(deliveries: Deliveries) -> None:
    """It can be started again afterwards."""
    relayer = Relayer(deliveries)
    for _ in range(2):
        relayer.start()
        relayer.start()
        publish(item(1))
        wait_for(lambda: outbox.pending_streams() == [])
        relayer.stop()
        relayer.stop()
    assert deliveries.offsets == {"inventory": [1, 2]}


def _refuse(items: Sequence[Published]) -> None:
    raise ValueError("This stream cannot be numbered.")
