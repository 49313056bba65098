"""Tests of what is made of other rows, and of writers at the same time."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from notifications import actions
from realtime import bulk, snapshots, topics
from realtime.audience import for_user
from realtime.live_topics import LiveTopic, Part
from tests.realtime.live.conftest import Said, relay
from tests.realtime.live.fleet import Machine, Secret, SecretSerializer, Site

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 6


def sites(found):
    return [(key, data.get("up")) for _, key, data in found if key.startswith("site")]


def test_a_site_is_published_where_its_machines_change_how_it_looks(said: Said) -> None:
    """Not where they change nothing of it."""
    site = Site.objects.create(name="north")
    machine = Machine.objects.create(name="m1", site=site)
    key = f"site:{site.pk}"
    assert sites(said()) == [(key, 0), (key, 1)]
    machine.note = "slow"
    machine.save()
    assert sites(said()) == []
    machine.up = False
    machine.save()
    assert sites(said()) == [(key, 0)]
    bulk.update(Machine.objects.all(), up=True)
    bulk.create(Machine(name=name, site=site) for name in ("m2", "m3"))
    assert sites(said()) == [(key, 1), (key, 3)]
    Machine.objects.filter(name="m3").delete()
    bulk.delete(Machine.objects.all())
    assert sites(said()) == [(key, 2), (key, 0)]


def test_a_row_that_leaves_one_topic_and_stays_in_another(said: Said) -> None:
    """Two topics show the same rows under the same keys, one of them only some: each tells what became of it there."""

    class EveryTopic(LiveTopic):
        """All secrets, also those that are put aside."""

        name = "every"
        parts = (Part(Secret.objects.all(), SecretSerializer, audience=lambda row: for_user(row.owner)),)

    filtered = topics.registered()["secrets"]
    topics.unregister(filtered.name)
    for topic in (EveryTopic(), filtered):  # In this order: what the first one says of a key is not the second's.
        topics.register(topic)
    try:
        secret = Secret.objects.create(owner=1, text="x")
        said("every"), said("secrets")
        secret.aside = True
        secret.save()
        assert [action for action, *_ in said("every")] == ["updated"]
        assert [action for action, *_ in said("secrets")] == ["deleted"]
    finally:
        topics.unregister("every")


def test_a_machine_that_moves_changes_both_sites(said: Said) -> None:
    """The one that it leaves and the one that it comes to."""
    north, south = Site.objects.create(name="north"), Site.objects.create(name="south")
    machine = Machine.objects.create(name="m1", site=north)
    said()
    machine.site = south
    machine.save()
    assert sites(said()) == [(f"site:{north.pk}", 0), (f"site:{south.pk}", 1)]


def test_a_site_that_was_saved_is_not_published_again_for_its_machines(said: Said) -> None:
    """What was said with its own publication is not said once more, and versions go on."""
    site = Site.objects.create(name="north")
    Machine.objects.create(name="m1", site=site, up=False)
    site.name = "south"
    site.save()
    Machine.objects.get().save()
    versions = [data["version"] for _, key, data in said() if key.startswith("site")]
    assert versions == [versions[0], versions[0] + 1]
    assert Site.objects.get().version == versions[-1]


def test_the_audience_stays(said: Said) -> None:
    """What one user saw cannot become another's, who would see how it was before; nothing is written."""
    secret = Secret.objects.create(owner=1, text="a")
    secret.owner = 2
    with pytest.raises(ValidationError, match="audience"):
        secret.save()
    assert Secret.objects.get().owner == 1
    assert len(said("secrets")) == 1


def at_once(work, count=WRITERS):
    """Run *work* with each number in a thread with a connection of its own."""

    def closing(number):
        try:
            work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(closing, range(count)))


def test_writers_at_the_same_time_get_versions_of_their_own(said: Said) -> None:
    """Distinct and increasing, in the order of publication; the last one says what is stored."""
    Machine.objects.create(name="m1")

    def write(number):
        for turn in range(5):
            machine = Machine.objects.get(pk="m1")
            machine.note = f"{number}/{turn}"
            machine.save(update_fields=["note"])

    at_once(write)
    versions = [data["version"] for _, _, data in said()]
    assert versions == [*range(versions[0], versions[0] + 1 + WRITERS * 5)]
    assert Machine.objects.get().version == versions[-1]


def test_the_last_word_of_what_many_change_is_right(said: Said) -> None:
    """Machines that go up and down at the same time leave the site with the number that are up."""
    site = Site.objects.create(name="north")
    for number in range(WRITERS):
        Machine.objects.create(name=f"m{number}", site=site)

    def write(number):
        for up in (False, True, bool(number % 2)):
            with transaction.atomic():
                machine = Machine.objects.get(pk=f"m{number}")
                machine.up = up
                machine.save()

    at_once(write)
    assert sites(said())[-1] == (f"site:{site.pk}", WRITERS // 2)


def test_what_nobody_was_sent_is_merged(said: Said) -> None:
    """Updates give way to what followed of the same object; what comes, goes, and is numbered stays."""
    one, two = Machine.objects.create(name="m1"), Machine.objects.create(name="m2")
    for note in "abc":
        one.note = note
        one.save()
    first = relay()
    two.save()
    two.delete()
    one.save()
    assert [item.offset for item in first] == [1, 2, 3]
    assert [(item.key, json.loads(item.body)["action"], item.offset) for item in first + relay()] == [
        ("machine:m1", "created", 1),
        ("machine:m2", "created", 2),
        ("machine:m1", "updated", 3),
        ("machine:m2", "deleted", 4),
        ("machine:m1", "updated", 5),
    ]
    assert [item.version for item in first if item.key == "machine:m1"][-1] == one.version - 1


def test_what_is_merged_still_reaches_who_has_the_earlier_one(said: Said, user: User) -> None:
    """A snapshot that was taken between two updates suppresses the first alone."""
    machine = Machine.objects.create(name="m1")
    relay()
    machine.save()
    (taken,) = snapshots.take([(topics.registered()["fleet"], "")], user)
    machine.up = False
    machine.save()
    (item,) = relay()
    assert len(taken.start.pending) == 1
    assert item.id not in taken.start.pending
    assert json.loads(item.body)["data"]["up"] is False


def test_notifications_are_never_merged() -> None:
    """Each change of a notification is told of, however many wait."""
    row = actions.create("Disk full")
    for text in "ab":
        actions.update(row.pk, message=text)
    assert len(relay("notifications")) == 3
