"""Tests of the REST API, with the original's routes and bodies."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from drf_spectacular.generators import SchemaGenerator

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Notification
from tests.notifications.api.conftest import URL, Api, fields
from tests.notifications.conftest import published, relay

pytestmark = pytest.mark.django_db

FIELDS = {
    "id", "title", "message", "level", "category", "created_at", "updated_at", "expires_at", "read", "related_entity",
    "dedup_key", "metadata", "sensitive", "version", "offset", "archived", "saved", "snoozed_until",
}  # fmt: skip


def test_list(reader: Api) -> None:
    """The list has the original's keys, newest first, and counts that are not filtered."""
    first = actions.create("First")
    actions.create("Second", metadata={"a": [1]})
    reader("put", f"/{first.pk}/read")
    status, body = reader("get", "?unread_only=true&limit=1")
    assert status == 200
    assert set(body) == {"notifications", "total_count", "unread_count", "next", "previous"}
    assert [item["title"] for item in body["notifications"]] == ["Second"]
    assert set(body["notifications"][0]) == FIELDS
    assert (body["total_count"], body["unread_count"], body["next"]) == (2, 1, None)


def test_times_end_with_z(reader: Api) -> None:
    """Times are UTC, with microseconds and `Z`, and of one width, so that clients may sort by their text."""
    for moment in (datetime(2026, 11, 24, 9, 30, tzinfo=UTC), datetime(2026, 11, 24, 9, 30, 0, 1, tzinfo=UTC)):
        actions.create("Now", created_at=moment)
    moments = [item["created_at"] for item in reader("get")[1]["notifications"]]
    assert moments == ["2026-11-24T09:30:00.000001Z", "2026-11-24T09:30:00.000000Z"]


def test_pages(reader: Api) -> None:
    """`next` is handed back as `cursor`, until it is null."""
    for number in range(3):
        actions.create(str(number))
    first = reader("get", "?limit=2")[1]
    second = reader("get", f"?limit=2&cursor={first['next']}")[1]
    assert [item["title"] for page in (first, second) for item in page["notifications"]] == ["2", "1", "0"]
    assert second["next"] is None


def test_what_is_about_something(reader: Api) -> None:
    """`related_entity` finds what is about one of the things named; it goes with the other parts of the query."""
    entities = ("db-1", "db-2", "web-1", None, "db-1")
    rows = [actions.create(f"{number}", related_entity=entity) for number, entity in enumerate(entities)]

    def found(query: str) -> list[str]:
        return [item["title"] for item in reader("get", query)[1]["notifications"]]

    assert found("?related_entity=db-1") == ["4", "0"]
    assert found("?related_entity=db-1&related_entity=web-1") == ["4", "2", "0"]
    assert found("?related_entity=nothing") == []
    reader("put", f"/{rows[0].pk}/read")
    assert found("?related_entity=db-1&unread_only=true") == ["4"]
    page = reader("get", "?related_entity=db-1&limit=1")[1]
    assert page["total_count"] == 5
    assert found(f"?related_entity=db-1&limit=1&cursor={page['next']}") == ["0"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("unread_only=perhaps", "unread_only"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%00", "cursor"),
        ("level=fatal", "level.0"),
        ("category=weather", "category.0"),
        ("read=perhaps", "read"),
        ("created_after=yesterday", "created_after"),
        ("q=%00", "q"),
        ("q=a+b+c+d+e+f+g+h+i+j+k", "q"),
        ("related_entity=%00", "related_entity.0"),
        (f"related_entity={'x' * 201}", "related_entity.0"),
        ("&".join(f"related_entity={number}" for number in range(21)), "related_entity"),
    ],
)
def test_bad_queries(reader: Api, query: str, field: str) -> None:
    """A bad value is a 400 that names its field; for the limit also the range."""
    status, body = answer = reader("get", f"?{query}")
    assert list(fields(answer)) == [field]
    assert field != "limit" or "from 1 to 200" in body["detail"]
    assert status == 400


def test_create(writer: Api, bob: User) -> None:
    """POST answers 201 with the object, and it is published."""
    status, body = writer("post", body={"title": "Hi", "level": "error", "metadata": {"a": 1}})
    assert (status, set(body)) == (201, FIELDS)
    assert (body["title"], body["level"], body["category"], body["read"]) == ("Hi", "error", "system", False)
    assert published()[-1]["data"]["id"] == body["id"]
    assert Notification.objects.get().created_by == bob


def test_create_for_one_user_and_for_a_group(writer: Api, ann: User, operators: Group) -> None:
    """`user` and `group` name the audience; the writer need not be in it."""
    assert writer("post", body={"title": "Hers", "user": "ann"})[0] == 201
    assert writer("post", body={"title": "Theirs", "group": "operators"})[0] == 201
    assert set(Notification.objects.values_list("user__username", "group__name")) == {
        ("ann", None),
        (None, "operators"),
    }
    assert writer("get")[1]["total_count"] == 0
    assert fields(writer("post", body={"title": "x", "user": "ann", "group": "operators"})) == {"group": "one_audience"}


def test_create_with_a_key(writer: Api) -> None:
    """With a dedup_key the live one with that key is changed: 201, then 200 with the same id."""
    given = {"message": "/var", "level": "error", "metadata": {"host": "a"}}
    first = writer("post", body={"title": "80 %", "dedup_key": "disk", **given})
    second = writer("post", body={"title": "90 %", "dedup_key": "disk"})
    assert (first[0], second[0]) == (201, 200)
    assert first[1]["id"] == second[1]["id"]
    assert {name: second[1][name] for name in given} == given


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"title": "required"}),
        ({"title": "  "}, {"title": "blank"}),
        ({"title": None}, {"title": "null"}),
        ({"title": ["a"]}, {"title": "invalid"}),
        ({"title": "x" * 201}, {"title": "max_length"}),
        ({"title": "x", "message": "y" * 10_001}, {"message": "max_length"}),
        ({"title": "a\x00"}, {"title": "null_character"}),
        ({"title": "x", "level": "fatal"}, {"level": "invalid_choice"}),
        ({"title": "x", "category": "weather"}, {"category": "invalid_choice"}),
        ({"title": "x", "metadata": [1]}, {"metadata": "not_a_dict"}),
        ({"title": "x", "metadata": {"a": "b" * 17_000}}, {"metadata": "max_size"}),
        ({"title": "x", "metadata": {"a": "\x00"}}, {"metadata": "null_character"}),
        ({"title": "x", "user": "nobody"}, {"user": "does_not_exist"}),
        ({"title": "x", "user": "a\x00"}, {"user": "null_character"}),
        ({"title": "x", "user": {"a": 1}}, {"user": "does_not_exist"}),
        ({"title": "x", "group": 7}, {"group": "does_not_exist"}),
        ({"title": "x", "expires_at": "soon"}, {"expires_at": "invalid"}),
        ({"title": "x", "expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": "past"}),
        ({"title": "x", "colour": 1, "read": True}, {"colour": "unknown", "read": "unknown"}),
        ({"colour": 1, "level": "fatal"}, {"title": "required", "level": "invalid_choice", "colour": "unknown"}),
        (
            {"title": " ", "user": "a\x00", "expires_at": "soon", "colour": 1},
            {"title": "blank", "expires_at": "invalid", "colour": "unknown", "user": "null_character"},
        ),
        (
            {"title": "x", "user": "nobody", "group": "nobody", "read": True},
            {"user": "does_not_exist", "group": "one_audience", "read": "unknown"},
        ),
        ([], {"": "invalid"}),
        ('{"title":"\\ud800"}', {"title": "lone_surrogate"}),
        ('{"title":"x","metadata":{"\\ud800":1}}', {"metadata": "lone_surrogate"}),
        ('{"title":"x","\\ud800":1}', {"\\ud800": "unknown"}),
        ('{"title":"x","level":"\\ud800"}', {"level": "invalid_choice"}),
        ('{"title":"x","metadata":{"a":1e999}}', {"metadata": "not_json"}),
    ],
)
def test_bad_bodies(writer: Api, body: Any, expected: dict[str, str]) -> None:
    """What is wrong is a 400 that names every field and its rule; nothing is created."""
    assert fields(writer("post", body=body)) == expected
    assert Notification.objects.count() == 0


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"title": NaN}', "\x00", '{"metadata":' + '{"a":' * 5_000])
def test_no_json(writer: Api, text: str) -> None:
    """What is no JSON is a 400."""
    assert writer("post", body=text)[0] == 400


def test_an_unknown_category_is_told_the_known_ones(writer: Api) -> None:
    """The sentence names every category there is."""
    [error] = writer("post", body={"title": "x", "category": "nope"})[1]["errors"]
    assert error["detail"] == "'nope' is no category; use one of system, host, vm, job, authentication."


def test_text_is_kept(writer: Api) -> None:
    """Text comes back as it went in."""
    text = " <i>x</i>\n\t🙂 \u202e"
    assert writer("post", body={"title": text, "message": text})[1]["title"] == text


def test_patch(writer: Api, ann: User) -> None:
    """PATCH re-opens unless `reopen` is false, and refuses the audience by its rule."""
    row = actions.create("Old", metadata={"a": 1})
    actions.mark_read(ann, row.pk)
    status, body = writer("patch", f"/{row.pk}", {"message": "quietly", "metadata": {"b": 2}, "reopen": False})
    assert (status, body["message"], body["metadata"], body["version"]) == (200, "quietly", {"b": 2}, 2)
    assert Inbox(ann).unread_count() == 0
    assert writer("patch", f"/{row.pk}", {"title": "New"})[1]["title"] == "New"
    assert Inbox(ann).unread_count() == 1
    for name in ("user", "group", "audience"):
        assert fields(writer("patch", f"/{row.pk}", {name: "ann"})) == {name: "immutable"}
    assert fields(writer("patch", f"/{row.pk}", {"dedup_key": "k"})) == {"dedup_key": "unknown"}
    wrong = {"title": " ", "user": "ann", "dedup_key": "k"}
    assert fields(writer("patch", f"/{row.pk}", wrong)) == {
        "title": "blank",
        "user": "immutable",
        "dedup_key": "unknown",
    }


def test_read_and_unread(reader: Api) -> None:
    """PUT and DELETE of `read` answer with the original's sentence, and the count."""
    row = actions.create("x")
    assert reader("put", f"/{row.pk}/read") == (200, {"message": "Notification marked as read", "unread_count": 0})
    assert reader("delete", f"/{row.pk}/read")[1]["unread_count"] == 1
    assert reader("get", "/unread_count") == (200, {"unread_count": 1})


def test_read_of_a_version(reader: Api) -> None:
    """A version that was re-opened since stays unread; a bad one is a 400."""
    row = actions.create("x")
    actions.update(row.pk, message="again")
    assert reader("put", f"/{row.pk}/read", {"version": 1})[1]["unread_count"] == 1
    assert reader("put", f"/{row.pk}/read", {"version": 2})[1]["unread_count"] == 0
    assert fields(reader("put", f"/{row.pk}/read", {"version": 0})) == {"version": "min_value"}


def test_mark_all_read(reader: Api) -> None:
    """The original's sentence, with the count; `up_to` beyond the head is refused."""
    actions.create("1")
    actions.create("2")
    relay()
    assert fields(reader("put", "/mark-all-read", {"up_to": 3})) == {"up_to": "out_of_range"}
    expected = {"message": "Marked 1 notifications as read", "unread_count": 1, "up_to": 1}
    assert reader("put", "/mark-all-read", {"up_to": 1}) == (200, expected)
    expected = {"message": "Marked 1 notifications as read", "unread_count": 0, "up_to": 3}
    assert reader("put", "/mark-all-read")[1] | {"up_to": 3} == expected


def test_delete_and_restore(reader: Api, admin: Api) -> None:
    """Without the permission it is dismissed for one user, with it deleted for all; both can be undone."""
    row = actions.create("x")
    assert reader("delete", f"/{row.pk}") == (200, {"message": "Notification deleted"})
    assert reader("get", f"/{row.pk}")[0] == 404
    assert admin("get", f"/{row.pk}")[0] == 200
    assert reader("post", f"/{row.pk}/restore")[1]["id"] == str(row.pk)
    assert admin("delete", f"/{row.pk}")[0] == 200
    assert reader("get")[1]["total_count"] == 0
    assert reader("post", f"/{row.pk}/restore")[0] == 404
    assert admin("post", f"/{row.pk}/restore")[0] == 200
    assert reader("get")[1]["total_count"] == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", ""), ("patch", ""), ("delete", ""), ("put", "/read"), ("delete", "/read"), ("post", "/restore")],
)
@pytest.mark.parametrize("pk", [str(uuid.UUID(int=7)), "nonsense", "%00", "é"])
def test_missing(admin: Api, method: str, path: str, pk: str) -> None:
    """What does not exist, and an id that is none, is the original's 404."""
    body = {"title": "x"} if method == "patch" else None
    status, answer = admin(method, f"/{pk}{path}", body)
    assert status == 404
    assert answer["detail"].startswith("Notification ")
    assert answer["detail"].endswith(" not found")


def test_anothers_is_missing(reader: Api, bob: User) -> None:
    """What is another user's is a 404, with no hint that it exists."""
    row = actions.create("bob's", user=bob)
    for method, path in (("get", ""), ("delete", ""), ("put", "/read"), ("post", "/restore")):
        status, body = reader(method, f"/{row.pk}{path}")
        assert (status, body["detail"]) == (404, f"Notification {row.pk} not found")


def test_permissions(reader: Api, writer: Api) -> None:
    """Reading needs a login, writing a permission that the answer names."""
    row = actions.create("x")
    assert Api(None)("get")[0] == 401
    status, body = reader("post", body={"title": "x"})
    assert (status, "notifications.add_notification" in body["detail"]) == (403, True)
    assert reader("patch", f"/{row.pk}", {"title": "x"})[0] == 403
    assert writer("patch", f"/{row.pk}", {"title": "y"})[0] == 200


def test_schema() -> None:
    """The schema describes every route, with an example for each answer."""
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    mine = {path: item for path, item in paths.items() if path.startswith(URL)}
    assert len(mine) == 19
    for path, item in mine.items():
        for method, operation in item.items():
            done = [content for status, content in operation["responses"].items() if status in ("200", "201")]
            contents = [content for answer in done for content in answer["content"].values()]
            assert all("examples" in content for content in contents), (path, method)
