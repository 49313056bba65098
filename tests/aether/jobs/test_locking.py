"""Tests of writers of one family of jobs at once: nobody waits for each other in a circle."""

from collections.abc import Callable
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from aether.jobs import actions, locking
from aether.jobs.models import DEPTH, Job
from aether.jobs.states import Refused
from tests.aether.rules.test_nodes import somebody_waits, together
from tests.support.waiting import wait_for

__all__ = ["together"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("delete", ["family", "old"])
def test_a_family_is_deleted_while_a_child_is_written(
    together: Callable[..., list[Any]], settings: Any, delete: str
) -> None:
    """Whoever deletes waits for the writer, which goes on to the parent; both end."""
    settings.JOB_RETENTION = -60
    parent = actions.create("deploy", id=UUID(int=1))
    child = actions.create("copy", id=UUID(int=2), parent=parent, status="running")
    actions.cancel(child.pk)
    actions.cancel(parent.pk)
    begun = Event()

    def write() -> None:
        with transaction.atomic():
            actions.append(child.pk, ["what it says while it ends"])
            begun.set()
            wait_for(somebody_waits, what="whoever deletes")
            actions.update(child.pk, error="Cancelled, and it took a while.")

    def remove() -> None:
        assert begun.wait(10)
        actions.delete(parent.pk) if delete == "family" else actions.prune()

    together(write, remove)
    assert Job.objects.count() == (0 if delete == "family" else 1)


def test_every_generation_is_locked() -> None:
    """Also of the deepest family, of jobs that are no more, and of none."""
    job = None
    for number in range(DEPTH):
        job = actions.create(f"job {number}", parent=job)
    with transaction.atomic():
        locking.lock(Job.objects.values_list("pk", flat=True))
        locking.lock([UUID(int=1), str(job and job.pk)])
        locking.lock([])


def test_a_job_that_has_just_got_a_child_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child came between the look at the family and its locks."""
    parent = actions.create("deploy", status="running")
    actions.complete(parent.pk)
    lock = locking.lock

    def late(*args: Any, **options: Any) -> None:
        child = actions.create("copy", parent=parent)
        actions.cancel(child.pk)
        lock(*args, **options)

    monkeypatch.setattr(locking, "lock", late)
    with pytest.raises(Refused, match="just got another child"):
        actions.delete(parent.pk)
    assert Job.objects.filter(pk=parent.pk).exists()
