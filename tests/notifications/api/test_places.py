"""Tests of archived, saved, snoozed and scheduled over REST."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from notifications import actions
from notifications.models import Notification
from tests.notifications.api.conftest import URL, Api, fields
from tests.notifications.conftest import published, relay, seen

pytestmark = pytest.mark.django_db

PLACES = ("archived", "saved", "snoozed")
NAIVE = "2999-01-01T12:00:00"


def later(hours: int = 1) -> str:
    return (timezone.now() + timedelta(hours=hours)).isoformat()


def titles(answer: tuple[int, Any]) -> list[str]:
    assert answer[0] == 200, answer
    return [item["title"] for item in answer[1]["notifications"]]


def body_of(place: str) -> Any:
    return {"until": later()} if place == "snoozed" else {}


@pytest.mark.parametrize("place", PLACES)
def test_there_and_back(reader: Api, bob: User, place: str) -> None:
    """PUT and DELETE answer with a sentence, the count and the notification; the filter of that name finds it."""
    row = actions.create("x")
    status, body = reader("put", f"/{row.pk}/{place}", body_of(place))
    assert (status, set(body)) == (200, {"message", "unread_count", "notification"})
    assert body["unread_count"] == (1 if place == "saved" else 0)
    assert titles(reader("get", f"?{place}=true")) == ["x"]
    assert titles(reader("get", f"?{place}=false")) == []
    assert titles(reader("get")) == (["x"] if place == "saved" else [])
    assert reader("get", f"/{row.pk}")[1][place if place != "snoozed" else "snoozed_until"]
    assert seen(bob) == {"x": False}
    status, body = reader("delete", f"/{row.pk}/{place}")
    assert (status, body["unread_count"], body["notification"]["read"]) == (200, 1, False)
    assert titles(reader("get", f"?{place}=true")) == []


@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_theirs(reader: Api, bob: User, place: str) -> None:
    """Others' and nobody's are a 404, whatever the body says."""
    theirs = actions.create("bob's", user=bob).pk
    for pk in (theirs, uuid.uuid4(), "x"):
        assert reader("put", f"/{pk}/{place}", body_of(place))[0] == 404
        assert reader("put", f"/{pk}/snoozed", {"until": "never"})[0] == 404
        assert reader("delete", f"/{pk}/{place}")[0] == 404


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"until": "required"}),
        ({"until": "tomorrow"}, {"until": "invalid"}),
        ({"until": NAIVE}, {"until": "naive"}),
        ({"until": "2020-01-01T00:00:00Z"}, {"until": "past"}),
        ({"until": "2999-01-01T00:00:00Z"}, {"until": "too_far"}),
        ({"until": None}, {"until": "null"}),
        ({"until": "2999-01-01T00:00:00Z", "x": 1}, {"until": "too_far", "x": "unknown"}),
    ],
)
def test_bad_times(reader: Api, body: Any, expected: dict[str, str]) -> None:
    """What is wrong with the time is said, and nothing is snoozed."""
    row = actions.create("x")
    assert fields(reader("put", f"/{row.pk}/snoozed", body)) == expected
    assert titles(reader("get")) == ["x"]


def test_filters_go_together(reader: Api, ann: User) -> None:
    """Each place can be narrowed by all other filters, and paged."""
    rows = [actions.create(f"{number}", level="error" if number % 2 else "info") for number in range(6)]
    relay()
    actions.archive_many(ann, [row.pk for row in rows])
    actions.mark_read(ann, rows[1].pk)
    actions.save(ann, rows[3].pk)
    assert titles(reader("get", "?archived=true&level=error")) == ["5", "3", "1"]
    assert titles(reader("get", "?archived=true&level=error&read=false")) == ["5", "3"]
    assert titles(reader("get", "?archived=true&saved=true&q=3")) == ["3"]
    assert titles(reader("get", "?archived=true&snoozed=true")) == []
    page = reader("get", "?archived=true&limit=4")
    assert titles(page) == ["5", "4", "3", "2"]
    rest = reader("get", f"?archived=true&limit=4&cursor={page[1]['next']}")
    assert (titles(rest), rest[1]["next"]) == (["1", "0"], None)
    assert titles(reader("get", f"?archived=true&limit=4&cursor={rest[1]['previous']}")) == ["5", "4", "3", "2"]
    assert (rest[1]["total_count"], rest[1]["unread_count"]) == (0, 0)


def test_counts(reader: Api, ann: User) -> None:
    """`tabs` counts each place, whatever the filters; the other counts are of what these ask for."""
    rows = [actions.create(str(number)) for number in range(4)]
    actions.mark_read(ann, rows[0].pk)
    actions.archive(ann, rows[1].pk)
    actions.snooze(ann, rows[2].pk, timezone.now() + timedelta(hours=1))
    actions.save_many(ann, [rows[1].pk, rows[3].pk])
    body = reader("get", "/counts")[1]
    assert body["tabs"] == {"inbox": 2, "unread": 1, "saved": 2, "snoozed": 1, "archived": 1}
    assert (body["total"], body["unread"]) == (2, 1)
    body = reader("get", "/counts?archived=true")[1]
    assert (body["total"], body["unread"], body["tabs"]["inbox"]) == (1, 1, 2)


def test_batches(reader: Api, ann: User) -> None:
    """Archive, and back, by ids and by filter; a filter that says no place means the inbox."""
    rows = [actions.create(str(number)) for number in range(4)]
    ids = [str(row.pk) for row in rows]
    status, body = reader("post", "/batch/archive", {"ids": ids[:2]})
    assert (status, body["message"], body["unread_count"]) == (200, "Archived 2 notifications", 2)
    assert reader("post", "/batch/unarchive", {"filter": {}})[1]["count"] == 0
    assert reader("post", "/batch/archive", {"filter": {"q": "2"}})[1]["count"] == 1
    assert reader("post", "/batch/read", {"filter": {}})[1]["count"] == 1
    assert reader("post", "/batch/unarchive", {"filter": {"archived": True}})[1]["count"] == 3
    assert seen(ann) == {"3": True, "2": False, "1": False, "0": False}


def test_batch_restore(reader: Api, admin: Api, ann: User) -> None:
    """A batch that was deleted is undone by its ids: dismissed ones, and for whoever may, those gone for everyone."""
    ids = [str(actions.create(str(number)).pk) for number in range(2)]
    reader("post", "/batch/delete", {"ids": ids})
    body = reader("post", "/batch/restore", {"ids": ids})[1]
    assert (body["count"], body["missing"], body["unread_count"]) == (2, [], 2)
    admin("post", "/batch/delete", {"ids": ids})
    assert reader("post", "/batch/restore", {"ids": ids})[1]["missing"] == ids
    assert admin("post", "/batch/restore", {"ids": ids})[1]["count"] == 2
    assert seen(ann) == {"1": False, "0": False}
    assert fields(reader("post", "/batch/restore", {"filter": {}})) == {"filter": "unknown", "ids": "required"}


def test_tags(reader: Api, ann: User) -> None:
    """A mark of one's own is another answer, but no other version: If-Match goes on."""
    row = actions.create("x")
    client = Client()
    client.force_login(ann)
    before = client.get(f"{URL}/{row.pk}")["ETag"]
    actions.archive(ann, row.pk)
    assert client.get(f"{URL}/{row.pk}", headers={"If-None-Match": before}).status_code == 200
    assert client.delete(f"{URL}/{row.pk}", headers={"If-Match": before}).status_code == 200


def test_scheduled(writer: Api, reader: Api, admin: Api, ann: User) -> None:
    """Created for later it is in the list of what is scheduled, for those who may create, and in no other."""
    moment = later(2)
    status, body = writer("post", body={"title": "Later", "deliver_at": moment, "user": "ann"})
    assert (status, body["deliver_at"][:19]) == (201, moment[:19])
    writer("post", body={"title": "Sooner", "deliver_at": later()})
    assert titles(writer("get", "?scheduled=true")) == ["Sooner", "Later"]
    page = writer("get", "?scheduled=true&limit=1")
    assert titles(writer("get", f"?scheduled=true&cursor={page[1]['next']}")) == ["Later"]
    assert titles(writer("get", "?scheduled=true&q=late")) == ["Later"]
    assert titles(admin("get", "?scheduled=true")) == ["Sooner"]  # What is ann's is no one else's to read.
    assert reader("get", "?scheduled=true")[0] == 403
    for api in (writer, reader, admin):
        assert titles(api("get")) == []
        assert api("get", "/counts")[1]["tabs"]["inbox"] == 0
    assert [reader("get", f"/{body['id']}")[0], admin("get", f"/{body['id']}")[0]] == [404, 404]
    assert writer("get", f"/{body['id']}")[1]["title"] == "Later"
    assert published() == []


def test_scheduled_is_changed_and_cancelled(writer: Api, reader: Api, admin: Api, ann: User) -> None:
    """PATCH moves it and changes it, null delivers it, DELETE cancels it; others find nothing."""
    first, second = (
        writer("post", body={"title": title, "deliver_at": later(), "user": "ann"})[1]["id"] for title in "ab"
    )
    moment = later(3)
    status, body = writer("patch", f"/{first}", {"title": "c", "deliver_at": moment})
    assert (status, body["title"], body["deliver_at"][:19], body["version"]) == (200, "c", moment[:19], 2)
    assert [admin("patch", f"/{first}", {"title": "d"})[0], reader("delete", f"/{first}")[0]] == [404, 404]
    assert writer("delete", f"/{first}") == (200, {"message": "Notification cancelled"})
    assert writer("delete", f"/{first}")[0] == 404
    assert writer("patch", f"/{second}", {"deliver_at": None})[0] == 200
    assert seen(ann) == {"b": False}
    assert writer("delete", f"/{second}")[0] == 404  # It is hers now.
    assert Notification.objects.filter(deleted_at=None).count() == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"deliver_at": NAIVE}, {"deliver_at": "naive"}),
        ({"deliver_at": "2020-01-01T00:00:00Z"}, {"deliver_at": "past"}),
        ({"deliver_at": "2999-01-01T00:00:00Z"}, {"deliver_at": "too_far"}),
        ({"deliver_at": later(2), "expires_at": later(1)}, {"expires_at": "before_delivery"}),
    ],
)
def test_bad_deliveries(writer: Api, body: Any, expected: dict[str, str]) -> None:
    """What is wrong is named, for one and for many, and nothing is scheduled."""
    assert fields(writer("post", body={"title": "x", **body})) == expected
    entries = {f"notifications.0.{name}": rule for name, rule in expected.items()}
    assert fields(writer("post", "/bulk", {"notifications": [{"title": "x", **body}]})) == entries
    assert not Notification.objects.exists()


def test_many_scheduled(writer: Api) -> None:
    """Bulk takes those for later beside those for now."""
    entries = [{"title": "now"}, {"title": "later", "deliver_at": later()}]
    assert writer("post", "/bulk", {"notifications": entries})[0] == 201
    assert [message["data"]["title"] for message in published()] == ["now"]
    assert titles(writer("get", "?scheduled=true")) == ["later"]


def test_a_key_that_is_taken_among_many() -> None:
    """Which item's key another one has is named, be it stored or before it in the list."""
    actions.create("x", dedup_key="k")
    for keys, number in ((["a", "k"], 1), (["a", "b", "a"], 2)):
        with pytest.raises(Exception, match="has this key already") as caught:
            actions.create_many([{"title": "x", "dedup_key": key} for key in keys])
        assert list(caught.value.error_dict) == [f"{number}.dedup_key"]  # type: ignore[attr-defined]
    assert Notification.objects.count() == 1
