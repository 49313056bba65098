"""Tests of code that is told of changes to live models: of what is published, and in its transaction."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from django.db import transaction

from realtime import bulk
from realtime.live_changes import plain
from realtime.live_watching import Changed, unwatched, watch
from tests.realtime.live.conftest import Said
from tests.realtime.live.fleet import Machine, Site

pytestmark = pytest.mark.django_db(transaction=True)
Heard = list[Sequence[Changed]]


@pytest.fixture
def heard() -> Iterator[Heard]:
    """What was told of machines' `up`, a list for each write."""
    found: Heard = []
    forget: Callable[[], None] = watch(Machine, ["up"], found.append)
    yield found
    forget()


def test_each_way_of_writing_is_told_once(said: Said, heard: Heard) -> None:
    """A save, a bulk write and a deletion, with the values before and after; what is created has not changed."""
    rows = bulk.create(Machine(name=f"m{number}", up=True) for number in range(3))
    assert heard == []
    rows[0].up = False
    rows[0].save()
    bulk.update(Machine.objects.exclude(name="m0"), up=False)
    rows[0].delete()
    assert heard == [
        [Changed("m0", {"up": True}, {"up": False})],
        [Changed("m1", {"up": True}, {"up": False}), Changed("m2", {"up": True}, {"up": False})],
        [Changed("m0", {"up": False}, None)],
    ]


def test_other_fields_are_no_news(said: Said, heard: Heard) -> None:
    """Who watches one field is not told of others, nor of what says the same again."""
    row = Machine.objects.create(name="m0", up=True)
    row.note = "new"
    row.save()
    bulk.update(Machine.objects.all(), up=True)
    assert heard == []


def test_what_is_written_meanwhile_is_published_with_it(said: Said) -> None:
    """The one who is told writes to the row: one publication has both."""
    row, site = Machine.objects.create(name="m0", up=True), Site.objects.create(name="east")
    said()

    def place(changes: Sequence[Changed]) -> None:
        assert transaction.get_connection().in_atomic_block
        plain(Machine).filter(pk__in=[one.pk for one in changes]).update(site=site)

    forget = watch(Machine, ["up"], place)
    row.up = False
    row.save()
    forget()
    [data] = [data for _, key, data in said() if key == "machine:m0"]
    assert (data["up"], data["site"]) == (False, site.pk)


def test_nobody_is_told_of_the_past(said: Said, heard: Heard) -> None:
    """Example data is published, and no news."""
    row = Machine.objects.create(name="m0", up=True)
    with unwatched():
        row.up = False
        row.save()
    assert heard == []
