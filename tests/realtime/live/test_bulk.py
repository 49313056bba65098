"""Tests of writing many live rows at once: each is published, with few statements for all."""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from realtime import bulk
from realtime.live_models import LiveModel, UnpublishedWrite
from tests.realtime.live.conftest import Said
from tests.realtime.live.fleet import Machine, Secret, Site

pytestmark = pytest.mark.django_db(transaction=True)


def make(count, **fields):
    return bulk.create(Machine(name=f"m{number:04}", **fields) for number in range(count))


def test_many_are_created_in_their_order(said: Said) -> None:
    """One publication each, as of a save."""
    make(3)
    found = said()
    assert [(action, key) for action, key, _ in found] == [("created", f"machine:m000{n}") for n in range(3)]
    assert [data["version"] for _, _, data in found] == [row.version for row in Machine.objects.order_by("pk")]


def test_a_queryset_is_updated(said: Said) -> None:
    """The rows that it names, those alone, each as a new version; expressions work as ever."""
    rows = make(3)
    said()
    assert bulk.update(Machine.objects.exclude(name="m0001"), up=False, note=F("name")) == 2
    found = said()
    assert [(key, data["up"]) for _, key, data in found] == [("machine:m0000", False), ("machine:m0002", False)]
    assert [data["version"] for _, _, data in found] == [rows[0].version + 1, rows[2].version + 1]
    assert Machine.objects.get(pk="m0002").note == "m0002"


def test_objects_are_saved_together(said: Said) -> None:
    """Each with its own values, after whatever others wrote meanwhile; who was deleted meanwhile stays so."""
    rows = make(3)
    Machine.objects.get(pk="m0000").save()
    Machine.objects.get(pk="m0001").delete()
    said()
    for row in rows:
        row.note, row.up = row.name, False
    assert bulk.save(rows, ["up"]) == 2
    found = said()
    assert [(key, data["up"]) for _, key, data in found] == [("machine:m0000", False), ("machine:m0002", False)]
    stored = {row.pk: row for row in Machine.objects.all()}
    assert {row.version for row in stored.values()} == {rows[0].version, rows[2].version}
    assert {row.note for row in stored.values()} == {""}


def test_a_queryset_is_deleted_with_what_hangs_on_it(said: Said) -> None:
    """Each row is published once, cascades included."""
    site = Site.objects.create(name="north")
    make(3, site=site)
    said()
    assert bulk.delete(Site.objects.all()) == 1
    gone = sorted(key for action, key, _ in said() if action == "deleted")
    assert gone == ["machine:m0000", "machine:m0001", "machine:m0002", f"site:{site.pk}"]
    assert not Machine.objects.exists()


def test_what_the_update_takes_out_of_the_topic_goes(said: Said) -> None:
    """What the topic's queryset no longer has is deleted for those who follow it."""
    bulk.create([Secret(owner=1, text="a"), Secret(owner=2, text="b", aside=True)])
    bulk.update(Secret.objects.all(), aside=True)
    assert [action for action, _, _ in said("secrets")] == ["created", "deleted"]


@pytest.mark.parametrize(
    "write", [lambda rows: bulk.update(Machine.objects.all(), up=False), lambda rows: bulk.save(rows, ["up"])]
)
def test_many_rows_need_few_statements(said: Said, write) -> None:
    """Far fewer than there are rows."""
    rows = make(400)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        write(rows)
    assert len(queries) < 20
    assert len(said()) == 800


@pytest.mark.parametrize(
    "write",
    [
        lambda: Machine.objects.update(up=False),
        lambda: Machine.objects.bulk_create([Machine(name="m1")]),
        lambda: Machine.objects.bulk_update(Machine.objects.all(), ["up"]),
        lambda: Machine.objects.all()._raw_delete("default"),
        lambda: Site.objects.first().machines.update(up=False),
        lambda: Site.objects.first().machines.add(Machine.objects.first()),
    ],
    ids=["update", "bulk_create", "bulk_update", "raw delete", "of a relation", "into a relation"],
)
def test_a_write_that_nobody_hears_of_is_complained_of(said: Said, settings, write) -> None:
    """With DEBUG; and the complaint says what to use instead."""
    Site.objects.create(name="north")
    Machine.objects.create(name="m0")
    settings.DEBUG = True
    with pytest.warns(UnpublishedWrite, match=r"Use realtime\.bulk\."):
        write()


def test_what_publishes_is_not_complained_of(said: Said, settings) -> None:
    """Nor is anything of a model that no topic shows."""
    settings.DEBUG = True
    site = Site.objects.create(name="north")
    make(2, site=site)
    bulk.update(Machine.objects.all(), up=False)
    bulk.save(list(Machine.objects.all()), ["up"])
    Machine.objects.update_or_create(name="m0000", defaults={"up": True})
    Machine.objects.filter(name="m0000").delete()
    bulk.delete(Machine.objects.all())
    site.delete()
    assert issubclass(Machine, LiveModel)
