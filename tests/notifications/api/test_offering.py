"""Tests of groups, links and buttons over REST, and of who may offer a request."""

import pytest
from django.contrib.auth.models import Permission, User

from notifications import actions
from notifications.models import Notification
from tests.notifications.api.conftest import Api, fields

pytestmark = pytest.mark.django_db

CALL = {"label": "Restart", "method": "POST", "path": "/api/v1/jobs", "body": {"a": 1}}


def test_over_rest(writer: Api, bob: User) -> None:
    """Links need no more than the permission to create; a request needs its own, in bulk and in a change as well."""
    link = {"label": "Docs", "url": "/x"}
    status, row = writer("post", body={"title": "x", "link": "/jobs", "group_key": "k", "actions": [link]})
    assert (status, row["link"], row["group_key"], row["actions"]) == (201, "/jobs", "k", [link])
    bad = {"title": "x", "link": "//x", "group_key": "storm:1", "actions": [{"label": "", "url": "x"}]}
    assert fields(writer("post", body=bad)) == {
        "link": "invalid_link", "actions.0.label": "blank", "actions.0.url": "invalid_link",
    }  # fmt: skip
    assert fields(writer("post", body={"title": "x", "group_key": "storm:1"})) == {"group_key": "reserved"}
    entry = {"title": "x", "actions": [CALL | {"path": "x"}]}
    assert fields(writer("post", "/bulk", {"notifications": [entry]})) == {
        "notifications.0.actions.0.path": "invalid_path"
    }
    offered = {"title": "x", "actions": [CALL]}
    assert writer("post", body=offered)[0] == 403
    assert writer("post", "/bulk", {"notifications": [offered]})[0] == 403
    assert writer("patch", f"/{row['id']}", {"actions": [CALL]})[0] == 403
    assert Notification.objects.get().actions == [link]
    bob.user_permissions.add(Permission.objects.get(codename="add_actions"))
    assert writer("post", body=offered)[0] == 201


def test_nobody_changes_the_words_around_a_request(writer: Api) -> None:
    """Who may not offer it changes nothing of what offers it, but can take it away; nor with a dedup_key."""
    row = actions.create("Restart?", actions=[CALL], dedup_key="k")
    assert writer("patch", f"/{row.pk}", {"title": "Get a prize"})[0] == 403
    assert writer("post", body={"title": "Get a prize", "dedup_key": "k"})[0] == 403
    row.refresh_from_db()
    assert (row.title, row.version) == ("Restart?", 1)
    assert writer("patch", f"/{row.pk}", {"title": "Nothing to do", "actions": []})[0] == 200


def test_the_grouped_list_over_rest(reader: Api, writer: Api) -> None:
    """`grouped` folds, `group_key` unfolds, and the batches take it as a filter."""
    for number in range(3):
        actions.create(f"k{number}", group_key="k")
    actions.create("alone")
    _, page = reader("get", "?grouped=true&limit=1")
    assert [(item["title"], item["group_count"]) for item in page["notifications"]] == [("alone", 1)]
    _, page = reader("get", f"?grouped=true&limit=1&cursor={page['next']}")
    [item] = page["notifications"]
    assert (item["title"], item["group_count"], item["group_unread"], page["next"]) == ("k2", 3, 3, None)
    _, page = reader("get", "?group_key=k")
    assert [item["title"] for item in page["notifications"]] == ["k2", "k1", "k0"]
    assert "group_count" not in page["notifications"][0]
    assert reader("post", "/batch/read", {"filter": {"group_key": ["k"]}})[1]["count"] == 3
    _, page = reader("get", "?grouped=true&group_key=k")
    assert page["notifications"][0]["group_unread"] == 0
