"""Tests of the user groups that connections hold."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from realtime import memberships

pytestmark = pytest.mark.django_db


def _users() -> list[User]:
    """Return two users in both groups, one in one, and one in none."""
    users = [User.objects.create(username=name) for name in ("ann", "ben", "cleo", "dan")]
    reader, writer = Group.objects.create(name="reader"), Group.objects.create(name="writer")
    for user in users[:2]:
        user.groups.add(reader, writer)
    users[2].groups.add(reader)
    return list(User.objects.order_by("username"))


def test_many_users_cost_one_query() -> None:
    """However many users, their groups take one query, and reading them none."""
    users = _users()
    with CaptureQueriesContext(connection) as queries:
        memberships.prefetch(users)
        names = [sorted(group.name for group in user.groups.all()) for user in users]
    assert len(queries) == 1
    assert names == [["reader", "writer"], ["reader", "writer"], ["reader"], []]


def test_equals_share_what_is_held() -> None:
    """Users in the same groups hold the same queryset."""
    ann, ben, cleo, _ = users = _users()
    memberships.prefetch(users)
    assert ann.groups.all() is ben.groups.all()
    assert ann.groups.all() is not cleo.groups.all()


def test_it_can_be_filtered_like_any() -> None:
    """A topic may ask further: for a name, a count, one's existence."""
    users = _users()
    memberships.prefetch(users)
    assert [user.groups.filter(name="writer").exists() for user in users] == [True, True, False, False]
    assert [user.groups.count() for user in users] == [2, 2, 1, 0]


def test_what_was_prefetched_stays() -> None:
    """Users whose groups are known already are not asked about again."""
    users = list(User.objects.filter(pk__in=[user.pk for user in _users()]).prefetch_related("groups"))
    with CaptureQueriesContext(connection) as queries:
        memberships.prefetch(users)
    assert not queries.captured_queries
