"""Tests of the counts of what has happened lately."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from aether.activity.counts import activity
from aether.jobs import actions
from aether.jobs.models import Job
from notifications.models import Notification

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 9, 32, 30, tzinfo=UTC)


@pytest.fixture
def user() -> User:
    """Somebody who is logged in."""
    return User.objects.create_user("ada")


def notified(level: str, ago: timedelta, **fields: Any) -> None:
    """Store a notification that was created *ago*."""
    row = Notification.objects.create(title="Told", message="", level=level, **fields)
    Notification.objects.filter(pk=row.pk).update(created_at=NOW - ago)


def ran(status: str, began: timedelta, ended: timedelta | None) -> None:
    """Store a job that began and ended so long ago."""
    job = actions.create("Backup", status="running")
    times = {"started_at": NOW - began, "completed_at": None if ended is None else NOW - ended}
    Job.objects.filter(pk=job.pk).update(status=status, **times)


def figures(found: dict[str, Any], kind: str) -> dict[str, dict[str, int]]:
    """Return time of day → what is not zero."""
    shown = {f"{bucket['start']:%H:%M}": {k: n for k, n in bucket[kind].items() if n} for bucket in found["buckets"]}
    return {start: counts for start, counts in shown.items() if counts}


def test_an_hour_in_buckets_of_five_minutes(user: User) -> None:
    """Twelve of them, each at a whole multiple of five minutes, the last one under way; what is older is not in."""
    for level, minutes in (("error", 0), ("info", 2), ("info", 7), ("warning", 57), ("success", 58), ("error", 90)):
        notified(level, timedelta(minutes=minutes))
    found = activity(user, now=NOW, minutes=60, bucket=5)
    starts = [bucket["start"] for bucket in found["buckets"]]
    assert starts == [datetime(2026, 11, 24, 8, 35, tzinfo=UTC) + timedelta(minutes=5 * index) for index in range(12)]
    expected = {"09:30": {"error": 1, "info": 1}, "09:25": {"info": 1}, "08:35": {"warning": 1}}
    assert figures(found, "notifications") == expected


def test_jobs_count_when_they_begin_and_when_they_end(user: User) -> None:
    """A job is counted as running in the bucket of its beginning, and in its last state in that of its end."""
    ran("running", timedelta(minutes=1), None)
    ran("failed", timedelta(minutes=13), timedelta(minutes=3))
    ran("completed", timedelta(hours=3), timedelta(minutes=3))
    ran("cancelled", timedelta(hours=3), timedelta(hours=2))
    actions.create("Waits")
    found = figures(activity(user, now=NOW, minutes=60, bucket=5), "jobs")
    assert found == {"09:30": {"running": 1}, "09:25": {"failed": 1, "completed": 1}, "09:15": {"running": 1}}


def test_only_what_the_user_may_see_is_counted(user: User) -> None:
    """Another's notification is in nobody else's figures."""
    other = User.objects.create_user("bob")
    notified("error", timedelta(0), user=other)
    assert figures(activity(user, now=NOW, minutes=60, bucket=1), "notifications") == {}
    assert figures(activity(other, now=NOW, minutes=60, bucket=1), "notifications") == {"09:32": {"error": 1}}


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns"])
def test_no_time_zone_moves_a_bucket(user: User, zone: str) -> None:
    """Zones that are no whole hours from UTC have the same buckets, of hours too."""
    notified("info", timedelta(minutes=40))
    with timezone.override(zoneinfo.ZoneInfo(zone)):
        found = activity(user, now=NOW, minutes=120, bucket=60)
    assert figures(found, "notifications") == {"08:00": {"info": 1}}


def test_over_rest(user: User, client: Client) -> None:
    """The answer has times in UTC; what is asked for wrongly is named, and nobody who is not logged in is answered."""
    assert client.get("/api/v1/activity").status_code == 401
    client.force_login(user)
    answer = client.get("/api/v1/activity", {"minutes": 10, "bucket": 1}).json()
    assert (answer["bucket_minutes"], len(answer["buckets"])) == (1, 10)
    assert answer["buckets"][0]["start"].endswith("Z")
    assert set(answer["buckets"][0]["jobs"]) == {"running", "completed", "failed", "cancelled"}
    for query in ({"minutes": 0}, {"minutes": 100_000}, {"bucket": 7}):
        assert client.get("/api/v1/activity", query).status_code == 400, query
