"""Tests of live models: what is saved and deleted is published, with a version, by the same transaction."""

from contextlib import suppress

import pytest
from django.db import transaction

from tests.realtime.live.conftest import Said
from tests.realtime.live.fleet import Machine, Secret, Site

pytestmark = pytest.mark.django_db(transaction=True)


def short(found):
    return [(action, key) for action, key, _ in found]


def test_a_row_is_published_when_it_comes_changes_and_goes(said: Said) -> None:
    """Each write is one publication, and each has a higher version than the one before."""
    machine = Machine.objects.create(name="m1")
    machine.up = False
    machine.save()
    machine.delete()
    found = said()
    assert short(found) == [(action, "machine:m1") for action in ("created", "updated", "deleted")]
    created, updated, deleted = [data for _, _, data in found]
    assert created == {
        "kind": "machine", "id": "m1", "name": "m1", "site": None, "up": True, "version": created["version"],
    }  # fmt: skip
    assert updated["up"] is False
    assert deleted == {"kind": "machine", "id": "m1", "version": created["version"] + 2}
    assert updated["version"] == created["version"] + 1


def test_a_row_that_comes_again_is_newer_than_its_deletion(said: Said) -> None:
    """Clients that remember the deletion take it up again."""
    Machine.objects.create(name="m1").delete()
    Machine.objects.create(name="m1")
    versions = [data["version"] for _, _, data in said()]
    assert versions == sorted(set(versions))


def test_a_rollback_publishes_nothing(said: Said) -> None:
    """A change that did not happen is not announced."""
    with suppress(ZeroDivisionError), transaction.atomic():
        Machine.objects.create(name="m1")
        raise ZeroDivisionError
    assert said() == []


def test_what_is_published_is_the_row_and_not_the_object(said: Said) -> None:
    """Two who each save what they changed, of an object that both read before, leave the truth with everybody."""
    Machine.objects.create(name="m1")
    one, two = Machine.objects.get(), Machine.objects.get()
    said()
    one.up = False
    one.save(update_fields=["up"])
    two.note = "slow"
    two.save(update_fields=["note"])
    first, second = [data for _, _, data in said()]
    assert (second["up"], second["version"]) == (False, first["version"] + 1)
    assert Machine.objects.get().version == second["version"]


def test_what_a_cascade_deletes_is_published(said: Said) -> None:
    """Each row by itself; and nothing of a site after its deletion."""
    site = Site.objects.create(name="north")
    key = f"site:{site.pk}"
    for name in ("m1", "m2"):
        Machine.objects.create(name=name, site=site)
    said()
    site.delete()
    found = short(said())
    assert {one for one in found if one[0] == "deleted"} == {
        ("deleted", "machine:m2"), ("deleted", "machine:m1"), ("deleted", key),
    }  # fmt: skip
    assert [action for action, about in found if about == key][-1] == "deleted"


def test_what_enters_and_leaves_the_queryset_comes_and_goes(said: Said) -> None:
    """And of what stays outside nobody is told."""
    secret = Secret.objects.create(owner=1, text="a", aside=True)
    assert said("secrets") == []
    for aside in (True, False, False, True, True):
        secret.aside = aside
        secret.save()
    assert [action for action, _, _ in said("secrets")] == ["created", "updated", "deleted"]
