"""Example notifications for a new installation: the Imaginary Datacenter on an ordinary morning."""

from datetime import timedelta
from typing import Final

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from notifications import actions
from notifications.actions import New
from notifications.models import Seed
from notifications.vocabulary import Category, Level
from realtime import local_operator

NAME: Final = "imaginary-datacenter"
COLLEAGUE: Final = "dana"
"""The second user: in the user group Reader, with notifications that nobody else has."""

EVERYONE: Final[tuple[tuple[float, New], ...]] = (
    (120, {"title": "System maintenance", "message": "The nightly maintenance is done; all systems are up again.",
           "level": Level.INFO, "category": Category.SYSTEM}),
    (60, {"title": "Authentication expired", "message": "The token of the backup agent has expired. Issue a new one.",
          "level": Level.WARNING, "category": Category.AUTHENTICATION, "related_entity": "backup-agent"}),
    (15, {"title": "VM state changed", "message": "db-server-01 was powered off by its owner.",
          "level": Level.WARNING, "category": Category.VM, "related_entity": "db-server-01",
          "metadata": {"from": "Running", "to": "Off"}}),
    (8, {"title": "Host reconnected", "message": "hyperv-02.imaginary.example answers again after 40 seconds.",
         "level": Level.SUCCESS, "category": Category.HOST, "related_entity": "hyperv-02.imaginary.example"}),
    (5, {"title": "Host disconnected", "message": "hyperv-01.imaginary.example has not answered for 30 seconds.",
         "level": Level.ERROR, "category": Category.HOST, "related_entity": "hyperv-01.imaginary.example"}),
    (2, {"title": "Job completed", "message": "web-server-01 was deployed in 4 minutes.",
         "level": Level.SUCCESS, "category": Category.JOB, "related_entity": "web-server-01",
         "metadata": {"job_id": "imaginary-1", "duration_seconds": 243}}),
)  # fmt: skip
READERS: Final[New] = {
    "title": "Your access is read-only",
    "message": "Readers follow the Imaginary Datacenter; ask an admin before you need to change it.",
}
OWN: Final[New] = {
    "title": "Your VM is ready",
    "message": "dana-sandbox runs on hyperv-02.imaginary.example.",
    "level": Level.SUCCESS,
    "category": Category.VM,
    "related_entity": "dana-sandbox",
}


def load() -> bool:
    """Load them, unless they were loaded here before, deleted since or not; return whether they were.

    Users are created first: whoever comes later starts with all of them read.
    """
    with transaction.atomic():
        _, new = Seed.objects.get_or_create(name=NAME)
        if not new:
            return False
        if local_operator.enabled():
            local_operator.operator()
        dana = _colleague()
        now = timezone.now()
        items: list[New] = [{**item, "created_at": now - timedelta(minutes=ago)} for ago, item in EVERYONE]
        items.append({**READERS, "group": dana.groups.get(name="Reader"), "created_at": now - timedelta(minutes=30)})
        items.append({**OWN, "user": dana, "created_at": now - timedelta(minutes=1)})
        actions.create_many(items)
    return True


def _colleague() -> User:
    """Return the second user, who cannot log in before `manage.py changepassword` gave her a password."""
    dana, new = User.objects.get_or_create(
        username=COLLEAGUE, defaults={"first_name": "Dana", "email": "dana@imaginary.example"}
    )
    if new:
        dana.set_unusable_password()
        dana.save()
    dana.groups.add(Group.objects.get_or_create(name="Reader")[0])
    return dana
