"""What only a database with concurrent writers can get wrong: long transactions, opposite orders, frozen processes."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import redis
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, transaction

from notifications import actions
from realtime import outbox
from realtime.models import Publication, Stream
from realtime.outbox import Draft
from tests.support.environment import SECRET_KEY
from tests.support.servers import ROOT
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
PATIENCE = 10.0

LONG_LIVED = """
import json, sys, time
import django; django.setup()
import redis
from django.db import transaction
from realtime.models import Publication
from realtime.outbox import Draft, publish
valkey, counts, end = redis.Redis.from_url(sys.argv[1]), [], time.monotonic() + 2.5
while time.monotonic() < end:
    with transaction.atomic():
        publish(Draft("jobs", {"type": "job"}))
    counts.append(len(valkey.client_list()))
    time.sleep(0.01)
deadline = time.monotonic() + 5
while Publication.objects.filter(offset=None).exists() and time.monotonic() < deadline:
    time.sleep(0.02)
left = Publication.objects.filter(offset=None).count()
print(json.dumps({"most": max(counts), "published": len(counts), "left": left}))
"""


def announce(stream: str) -> None:
    outbox.publish(Draft(stream, {"type": stream}))


def offsets(stream: str) -> list[int | None]:
    return list(Publication.objects.filter(stream=stream).order_by("offset").values_list("offset", flat=True))


@contextmanager
def threads(count: int) -> Iterator[Callable[..., object]]:
    """Give a function that runs work in a thread with a database connection of its own, closed afterwards."""

    def closing(work: Callable[..., object], *arguments: object) -> object:
        try:
            return work(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        yield lambda work, *arguments: pool.submit(closing, work, *arguments)


def test_writers_in_opposite_order_do_not_deadlock() -> None:
    """Two transactions publish on the same two streams in opposite order; both commit, and all is numbered."""
    together = threading.Barrier(2)

    def write(first: str, second: str) -> None:
        with transaction.atomic():
            announce(first)
            together.wait(PATIENCE)
            announce(second)

    with threads(2) as start:
        for running in (start(write, "jobs", "inventory"), start(write, "inventory", "jobs")):
            running.result(PATIENCE)
    for stream in ("jobs", "inventory"):
        outbox.relay(stream)
        assert offsets(stream) == [1, 2]


def test_a_long_transaction_holds_nobody_up() -> None:
    """What is published and not committed yet is passed by; it is numbered once it is there."""
    published, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            announce("jobs")
            published.set()
            assert go_on.wait(PATIENCE)

    with threads(1) as start:
        running = start(slow)
        assert published.wait(PATIENCE)
        with transaction.atomic():
            announce("jobs")
        assert [item.offset for item in outbox.relay("jobs")] == [1]
        go_on.set()
        running.result(PATIENCE)
    assert [item.offset for item in outbox.relay("jobs")] == [2]


def test_a_long_writer_of_a_notification_does_not_stop_the_relay() -> None:
    """While one transaction holds a notification's row, others are numbered, opened and counted."""
    held = actions.create("held")
    locked, go_on = threading.Event(), threading.Event()

    def edit() -> None:
        with transaction.atomic():
            actions.update(held.pk, title="edited")
            locked.set()
            assert go_on.wait(PATIENCE)

    with threads(1) as start:
        running = start(edit)
        assert locked.wait(PATIENCE)
        actions.create("other")
        assert [item.offset for item in outbox.relay("notifications")] == [1, 2]
        go_on.set()
        running.result(PATIENCE)
    assert [json.loads(item.body)["data"]["title"] for item in outbox.relay("notifications")] == ["edited"]


def test_a_process_frozen_inside_a_relay_stops_nobody_for_long() -> None:
    """Whoever finds the stream's row locked gives up after a second, and leaves all pending for the next pass."""
    with transaction.atomic():
        announce("jobs")
    locked, go_on = threading.Event(), threading.Event()

    def freeze() -> None:
        with transaction.atomic():
            Stream.objects.select_for_update().get(name="jobs")
            locked.set()
            assert go_on.wait(PATIENCE)

    with threads(1) as start:
        running = start(freeze)
        assert locked.wait(PATIENCE)
        with pytest.raises(OperationalError, match="lock timeout"):
            outbox.relay("jobs")
        go_on.set()
        running.result(PATIENCE)
    assert [item.offset for item in outbox.relay("jobs")] == [1]


def test_many_relayers_number_densely_while_many_write() -> None:
    """Four relayers and four writers at once: every publication has one offset, without a hole."""
    done = threading.Event()

    def write() -> None:
        for number in range(50):
            with transaction.atomic():
                announce("jobs")
                if number % 10 == 9:
                    transaction.set_rollback(True)

    def number() -> None:
        while not done.is_set():
            outbox.relay("jobs")

    with threads(8) as start:
        relayers = [start(number) for _ in range(4)]
        for writer in [start(write) for _ in range(4)]:
            writer.result(PATIENCE)
        wait_for(lambda: not Publication.objects.filter(offset=None).exists(), PATIENCE)
        done.set()
        for relayer in relayers:
            relayer.result(PATIENCE)
    assert offsets("jobs") == list(range(1, 181))


async def test_async_code_creates_through_the_async_twins() -> None:
    """`acreate` commits from inside an event loop, and what it published is numbered like any other."""
    created = await actions.acreate("from a coroutine")
    items = await sync_to_async(outbox.relay)("notifications")
    assert [item.key for item in items] == [created.pk.hex]


def test_a_long_lived_publisher_relays_over_one_kept_connection(valkey_url: str) -> None:
    """A process without an event loop that goes on publishing relays for itself, with one connection to Valkey."""
    before = len(redis.Redis.from_url(valkey_url).client_list())
    settings = connection.settings_dict
    database = f"postgresql://postgres:@/{settings['NAME']}?host={settings['OPTIONS']['host']}"
    env = {
        "PATH": "/usr/bin:/bin",
        "AETHER_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "aether.settings",
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database,
        "REDIS_URL": valkey_url,
    }
    done = subprocess.run(
        [sys.executable, "-c", LONG_LIVED, valkey_url], cwd=ROOT, env=env, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["left"] == 0
    assert report["published"] > 20
    assert report["most"] <= before + 2, "its own client for counting, and one of the publisher"
    assert "Event loop is closed" not in done.stderr
