"""Tests of ETag, If-None-Match and If-Match."""

import json

import pytest
from django.http import HttpResponse

from notifications import actions
from notifications.models import Notification
from tests.notifications.api.conftest import URL, Api

pytestmark = pytest.mark.django_db


def get(api: Api, path: str = "", tag: str | None = None) -> HttpResponse:
    """Return the whole answer to a GET that knows *tag*."""
    return api.client.get(URL + path, headers={"If-None-Match": tag} if tag else {})  # type: ignore[return-value]


@pytest.mark.parametrize("path", ["", "?q=x", "/counts", "/{pk}"])
def test_unchanged(reader: Api, path: str) -> None:
    """While nothing changes the tag brings 304 and no body; once it is read, the whole answer again."""
    row = actions.create("x")
    path = path.format(pk=row.pk)
    tag = get(reader, path)["ETag"]
    again = get(reader, path, f'"other", {tag}')
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    reader("put", f"/{row.pk}/read")
    later = get(reader, path, tag)
    assert later.status_code == 200
    assert later["ETag"] != tag


def test_tags_of_two_users(reader: Api, admin: Api) -> None:
    """What one user may keep is no other user's, and no shared cache's."""
    actions.create("x")
    assert get(reader)["Cache-Control"] == "private, no-cache"
    assert get(reader, "/counts")["ETag"] == get(admin, "/counts")["ETag"]  # The same counts, for each their own.


def test_change_of_what_was_changed(writer: Api, reader: Api) -> None:
    """A change of a version that is no longer the present one is a 412; that somebody read it does not matter."""
    row = actions.create("x")
    tag = get(writer, f"/{row.pk}")["ETag"]
    writer("put", f"/{row.pk}/read")

    def patch(condition: str) -> int:
        body, headers = json.dumps({"title": "y"}), {"If-Match": condition}
        return writer.client.patch(f"{URL}/{row.pk}", body, "application/json", headers=headers).status_code

    assert patch(tag) == 200
    assert patch(tag) == 412
    assert patch(f"W/{tag}") == 412
    assert patch('"nonsense"') == 412
    assert patch("*") == 200
    assert Notification.objects.get().version == 3


def test_deletion_of_what_was_changed(reader: Api, admin: Api) -> None:
    """A deletion, also from one's own list alone, obeys If-Match."""
    row = actions.create("x")
    tag = get(reader, f"/{row.pk}")["ETag"]
    actions.update(row.pk, message="more")
    for api in (reader, admin):
        old = api.client.delete(f"{URL}/{row.pk}", headers={"If-Match": tag})
        assert (old.status_code, old["Content-Type"]) == (412, "application/problem+json")
        new = get(api, f"/{row.pk}")["ETag"]
        assert api.client.delete(f"{URL}/{row.pk}", headers={"If-Match": new}).status_code == 200
