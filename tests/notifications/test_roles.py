"""Tests of the user groups that a migration makes."""

import pytest
from django.contrib.auth.models import Group

from tests.notifications.conftest import make_roles

pytestmark = pytest.mark.django_db


def test_roles() -> None:
    """Reader sees, Writer also writes, Admin also deletes; making them again changes nothing."""
    for _ in range(2):
        make_roles()
        roles = {
            name: {codename.partition("_")[0] for codename in codenames}
            for name in ("Reader", "Writer", "Admin")
            if (codenames := Group.objects.get(name=name).permissions.values_list("codename", flat=True))
        }
        assert roles == {
            "Reader": {"view"},
            "Writer": {"view", "add", "change"},
            "Admin": {"view", "add", "change", "delete"},
        }
