"""Tests of the charts of the last days: what they count, whose days they are, and who sees them."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from aether.administration import days
from aether.jobs import actions as jobs
from notifications import actions
from notifications.models import Notification, Receipt
from realtime.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> User:
    """A superuser."""
    return User.objects.create_superuser("root")


@pytest.fixture
def site(root: User) -> Client:
    """Their browser."""
    client = Client()
    client.force_login(root)
    return client


def charts(site: Client, query: str = "") -> dict[str, days.Chart]:
    """Return the charts of the front page by their names."""
    return {chart.name: chart for chart in site.get(f"/admin/{query}").context["charts"]}


def told(chart: days.Chart) -> dict[str, int]:
    """Return what each series of a chart has."""
    return {one.label: one.total for one in chart.series}


def test_nothing_is_said_in_words(site: Client) -> None:
    """A chart without numbers says so, and draws nothing."""
    AuditEvent.objects.all()._raw_delete("default")
    page = site.get("/admin/").content.decode()
    assert page.count("Nothing in these 14 days.") >= 3
    assert "days-bar" not in page


def test_notifications_by_level(site: Client) -> None:
    """Each on its day; the deleted ones count, those that are scheduled do not."""
    now = timezone.now()
    actions.create("old", level="error", created_at=now - timedelta(days=40))
    actions.create("a", level="error", created_at=now - timedelta(days=3))
    actions.delete_for_everyone([actions.create("b", level="info").pk])
    actions.create("c", level="info", deliver_at=now + timedelta(days=1))
    chart = charts(site)["notifications"]
    assert told(chart) == {"Info": 1, "Success": 0, "Warning": 0, "Error": 1}
    assert [day.total for day in chart.days] == [*[0] * 10, 1, 0, 0, 1]
    assert told(charts(site, "?days=30")["notifications"])["Error"] == 1
    assert [len(charts(site, query)["jobs"].days) for query in ("?days=7", "?days=30", "?days=9999")] == [7, 30, 14]


def test_reads_jobs_and_logins(site: Client, root: User) -> None:
    """What was marked as read by itself, jobs by how they ended, and logins as the audit has them."""
    actions.mark_read(root, actions.create("x").pk)
    assert Receipt.objects.count() == 1
    job = jobs.create(name="Work", status="running")
    jobs.update(job.pk, status="failed")
    AuditEvent.objects.create(at=timezone.now(), event="login_failed", count=5)
    AuditEvent.objects.create(at=timezone.now(), event="denied", count=7)
    found = charts(site)
    assert told(found["reads"]) == {"Read": 1}
    assert told(found["jobs"]) == {"Completed": 0, "Failed": 1, "Cancelled": 0}
    assert told(found["logins"])["Login failed"] == 5


def test_days_are_those_of_whoever_looks(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened late in the evening in London was on the next day in Tokyo."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 6, 10, 12, tzinfo=UTC))
    Notification.objects.create(title="late", created_at=datetime(2026, 6, 8, 20, tzinfo=UTC))

    def day() -> Any:
        return next(day.date.day for day in charts(site)["notifications"].days if day.total)

    assert day() == 8
    site.cookies["time_zone"] = "Asia/Tokyo"
    assert day() == 9


def test_columns_stand_in_the_picture(site: Client) -> None:
    """Every part is inside, they stand on each other, and the tallest column has all the room."""
    for level in ("info", "info", "warning", "error"):
        actions.create("x", level=level)
    bars = charts(site)["notifications"].days[-1].bars
    assert [bar.tone for bar in bars] == ["info", "warning", "error"]
    assert all(bar.y >= 0 and bar.y + bar.height <= days.HEIGHT and bar.x + bar.width <= days.WIDTH for bar in bars)
    assert all(lower.y == pytest.approx(upper.y + upper.height, abs=0.2) for lower, upper in itertools.pairwise(bars))
    assert bars[-1].y == pytest.approx(4, abs=0.5)


def test_numbers_are_in_a_table(site: Client) -> None:
    """Who does not see the picture has the numbers."""
    actions.create("x", level="error")
    page = site.get("/admin/").content.decode()
    assert "1 in 14 days, at most 1 on one day" in page
    assert '<th scope="col">Error</th>' in page


def test_others_of_the_staff_see_what_they_may() -> None:
    """A chart needs the permission to see what it counts; without any there is the list of Django."""
    person = User.objects.create_user("staff", is_staff=True)
    client = Client()
    client.force_login(person)
    assert charts(client) == {}
    person.user_permissions.add(Permission.objects.get(codename="view_job"))
    assert list(charts(client)) == ["jobs"]
