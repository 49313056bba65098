"""Tests of what a plain save(), create() and delete() of a notification does."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from notifications.models import Notification
from realtime.audience import EVERYONE
from tests.notifications.conftest import published

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_create_opens_a_transaction(settings: object) -> None:
    """Outside any transaction a create is still one: the row and its publication are both there."""
    Notification.objects.create(title="Alone")
    assert Notification.objects.count() == len(published()) == 1


def test_save_reopens() -> None:
    """A plain save() is a new version that shows it as unread again."""
    row = Notification.objects.create(title="Disk at 80 %")
    row.title = "Disk at 90 %"
    row.save()
    message = published()[-1]
    assert (message["action"], message["at"], message["data"]["read"]) == ("updated", 2, False)


def test_quiet_save() -> None:
    """A save that does not re-open says nothing of `read`."""
    row = Notification.objects.create(title="Typo")
    row.save(reopen=False)
    row.refresh_from_db()
    assert "read" not in published()[-1]["data"]
    assert (row.version, row.opened_version) == (2, 1)


def test_audience_never_changes(ann: User) -> None:
    """An audience cannot be changed by saving, in either direction."""
    row = Notification.objects.create(title="Everyone's")
    row.user = ann
    with pytest.raises(ValidationError, match="audience"):
        row.save()
    row.refresh_from_db()
    assert row.audience == EVERYONE


def test_two_audiences(ann: User, operators: Group) -> None:
    """The database refuses a notification for a user and a group at once."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(title="Both", user=ann, group=operators)


def test_bulk_create_needs_an_action() -> None:
    """A bulk_create by hand, which would reach nobody, is refused by the database."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.bulk_create([Notification(title="Nobody's")])
