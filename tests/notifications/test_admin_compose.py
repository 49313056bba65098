"""Tests of composing in the admin: reach, a copy for oneself, scheduling, resending, and who may do so."""

import json
from datetime import timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from notifications import actions
from notifications.admin import BUTTON
from notifications.buttons import problems
from notifications.inbox import Inbox
from notifications.models import Notification
from realtime.audience import for_user
from tests.notifications.conftest import published
from tests.notifications.test_admin import CONTENTS, URL

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(root: User) -> Client:
    """A superuser in the admin."""
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def reader(ann: User) -> Client:
    """Somebody of the staff who may look at notifications and do nothing with them."""
    ann.is_staff = True
    ann.save()
    ann.user_permissions.add(Permission.objects.get(codename="view_notification"))
    client = Client()
    client.force_login(ann)
    return client


def at(moment: Any) -> dict[str, str]:
    """Return the two fields that say *moment*."""
    return {"deliver_at_0": f"{moment:%Y-%m-%d}", "deliver_at_1": f"{moment:%H:%M:%S}"}


def test_reach_counts_active_people(site: Client, ann: User, bob: User) -> None:
    """Everyone, a user group's members or one user, as far as they are active; each once."""
    crew = Group.objects.create(name="crew")
    crew.user_set.add(ann, bob)
    User.objects.create_user("gone", is_active=False).groups.add(crew)
    active = User.objects.filter(is_active=True).count()
    queries = {"": active, f"?group={crew.pk}": 2, f"?user={ann.pk}": 1, "?user=987654": 0}
    for query, count in queries.items():
        assert site.get(f"{URL}reach/{query}").json() == {"people": count}, query


@pytest.mark.parametrize("query", ["user=x", "group=%00", "user=1&group=1"])
def test_reach_refuses_what_is_no_audience(site: Client, query: str) -> None:
    """A malformed id, and two audiences at once, are errors of the request."""
    assert site.get(f"{URL}reach/?{query}").status_code == 400


def test_others_of_the_staff_compose_nothing(reader: Client, ann: User) -> None:
    """Without the permissions neither is anybody counted, nor anything sent, resent or cancelled."""
    row = actions.create("There")
    later = actions.create("Later", deliver_at=timezone.now() + timedelta(hours=1))
    assert reader.get(f"{URL}reach/").status_code == 403
    assert reader.post(f"{URL}me-only/", CONTENTS).status_code == 403
    for action in ("resend", "cancel"):
        reader.post(f"{URL}?state=any", {"action": action, "_selected_action": [str(row.pk), str(later.pk)]})
    assert reader.post(f"{URL}{row.pk}/change/", CONTENTS | {"_resend": "yes"}).status_code == 403
    page = reader.get(f"{URL}{row.pk}/change/").content.decode()
    assert "_resend" not in page
    assert set(Notification.objects.values_list("version", "deleted_at")) == {(1, None)}


def test_a_copy_for_oneself(site: Client, root: User, ann: User) -> None:
    """It goes to whoever asks, at once, whatever the form says of the audience, the key and the time."""
    said = CONTENTS | {"title": "Draft", "user": ann.pk, "group": "nonsense", "dedup_key": "k", **at(timezone.now())}
    answer = site.post(f"{URL}me-only/", said)
    assert answer.status_code == 201, answer.content
    row = Notification.objects.get()
    assert (row.title, row.user, row.created_by, row.dedup_key, row.deliver_at) == ("Draft", root, root, None, None)
    assert [message["to"] for message in published()] == [for_user(root.pk)]


def test_the_form_shows_what_a_button_looks_like(site: Client) -> None:
    """Buttons are written as JSON: the example at their field is one that the form takes."""
    page = unescape(site.get("/admin/notifications/notification/add/").content.decode())
    assert f"Up to two buttons, such as {BUTTON}." in page
    assert problems(json.loads(BUTTON)) == {}


def test_a_copy_with_mistakes_is_not_sent(site: Client) -> None:
    """Each mistake names its field in words."""
    answer = site.post(f"{URL}me-only/", CONTENTS | {"title": " ", "metadata": "{"})
    assert answer.status_code == 400
    assert {problem["label"] for problem in answer.json()["errors"]} == {"Title", "Metadata"}
    assert site.get(f"{URL}me-only/").status_code == 405
    assert not Notification.objects.exists()


def test_scheduling_reads_the_time_in_the_persons_zone(site: Client, ann: User) -> None:
    """What is typed is a time where the browser is, and nobody is told before it."""
    site.cookies["time_zone"] = "Asia/Tokyo"
    moment = (timezone.now() + timedelta(days=2)).astimezone(ZoneInfo("Asia/Tokyo")).replace(microsecond=0)
    answer = site.post(f"{URL}add/", CONTENTS | at(moment), follow=True)
    row = Notification.objects.get()
    assert row.deliver_at == moment
    assert published() == []
    text = answer.content.decode()
    assert f"Scheduled for {moment.day} {moment:%b %Y %H:%M} (Asia/Tokyo); it will reach" in text
    assert [one.title for one in site.get(f"{URL}?state=scheduled").context["cl"].queryset] == ["By hand"]
    assert not site.get(URL).context["cl"].queryset.exists()
    assert "Asia/Tokyo" in site.get(f"{URL}?state=scheduled").content.decode()
    assert f'value="{moment:%H:%M:%S}"' in site.get(f"{URL}{row.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("zone", "date", "time", "words"),
    [
        ("UTC", "2020-01-01", "00:00", "must be in the future"),
        ("UTC", "2090-01-01", "00:00", "within a year"),
        ("UTC", "tomorrow", "00:00", "valid date"),
        ("../etc/passwd", "2020-01-01", "00:00", "In your time zone, UTC"),
    ],
)
def test_a_wrong_time_keeps_what_was_typed(site: Client, zone: str, date: str, time: str, words: str) -> None:
    """The error stands at the field, and the rest of the form is as it was."""
    site.cookies["time_zone"] = zone
    typed = {"title": "Typed", "message": "All of it", "deliver_at_0": date, "deliver_at_1": time}
    page = site.post(f"{URL}add/", CONTENTS | typed)
    assert page.status_code == 200
    text = page.content.decode()
    assert words in text
    assert all(f'value="{kept}"' in text for kept in ("Typed", date, time))
    assert "All of it" in text
    assert not Notification.objects.exists()


def test_a_scheduled_one_is_moved_delivered_and_cancelled(site: Client, ann: User) -> None:
    """Its time can be changed; taken away it is delivered now; cancelled it is gone, and nobody was told."""
    soon = timezone.now() + timedelta(hours=1)
    moved, told, gone = (actions.create("By hand", message=name, deliver_at=soon) for name in "abc")
    later = (soon + timedelta(hours=5)).replace(microsecond=0)
    site.post(f"{URL}{moved.pk}/change/", CONTENTS | {"message": "a"} | at(later))
    moved.refresh_from_db()
    assert moved.deliver_at == later
    site.post(f"{URL}{told.pk}/change/", CONTENTS | {"message": "b", "deliver_at_0": "", "deliver_at_1": ""})
    assert Inbox(ann).unread_count() == 1
    selected = {"action": "cancel", "_selected_action": [str(gone.pk), str(told.pk)]}
    answer = site.post(f"{URL}?state=any", selected, follow=True).content.decode()
    assert "1 cancelled." in answer
    assert "1 left alone" in answer
    gone.refresh_from_db()
    assert gone.deleted_at is not None
    assert [message["action"] for message in published()] == ["created"]


def test_resending_shows_it_as_unread_to_all(site: Client, ann: User, bob: User) -> None:
    """By the button, with what was changed, as one version; and by the list's action."""
    row = actions.create("By hand")
    for person in (ann, bob):
        actions.mark_read(person, row.pk)
    answer = site.post(f"{URL}{row.pk}/change/", CONTENTS | {"message": "news", "_resend": "yes"}, follow=True)
    row.refresh_from_db()
    assert (row.version, row.message, Inbox(ann).unread_count(), Inbox(bob).unread_count()) == (2, "news", 1, 1)
    assert "It is told to" in answer.content.decode()
    site.post(f"{URL}{row.pk}/change/", CONTENTS | {"message": "news", "_resend": "yes"})
    row.refresh_from_db()
    assert row.version == 3
    actions.mark_read(ann, row.pk)
    later = actions.create("Later", deliver_at=timezone.now() + timedelta(hours=1))
    selected = {"action": "resend", "_selected_action": [str(row.pk), str(later.pk)]}
    text = site.post(f"{URL}?state=any", selected, follow=True).content.decode()
    assert "1 resent as unread." in text
    assert "1 left alone" in text
    assert Inbox(ann).unread_count() == 1


def test_resending_what_is_no_longer_valid(site: Client) -> None:
    """A category that the settings no longer have leaves that one alone, says so, and does not stop the others."""
    old, new = actions.create("Old"), actions.create("New")
    Notification.objects.filter(pk=old.pk).update(category="retired")
    selected = {"action": "resend", "_selected_action": [str(old.pk), str(new.pk)]}
    text = site.post(URL, selected, follow=True).content.decode()
    assert "1 resent as unread." in text
    assert "1 left alone" in text
    assert "is no category" in text
    new.refresh_from_db()
    assert new.version == 2
