"""Tests of the admin: what is saved there is published like any other write."""

import logging
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications import actions
from notifications.inbox import Inbox
from notifications.models import Notification
from notifications.sealing import NEUTRAL
from realtime import keys
from realtime.audience import for_user
from tests.notifications.conftest import published

pytestmark = pytest.mark.django_db

URL = "/admin/notifications/notification/"
RECEIPTS = {f"receipts-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")}
CONTENTS: dict[str, Any] = {
    "title": "By hand",
    "message": "",
    "level": "info",
    "category": "system",
    "related_entity": "",
    "metadata": "{}",
    "expires_at_0": "",
    "expires_at_1": "",
    **RECEIPTS,
}


@pytest.fixture
def site(root: User) -> Client:
    """A superuser in the admin."""
    client = Client()
    client.force_login(root)
    return client


def test_create(site: Client, root: User, ann: User) -> None:
    """Creating there is published to the chosen audience, and remembers who did it; empty fields are none."""
    response = site.post(f"{URL}add/", CONTENTS | {"user": ann.pk, "metadata": ""})
    assert response.status_code == 302, response.context["errors"]
    row = Notification.objects.get()
    assert (row.title, row.created_by, row.related_entity, row.dedup_key) == ("By hand", root, None, None)
    assert [(m["action"], m["to"]) for m in published()] == [("created", for_user(ann.pk))]


def test_refuses_what_is_wrong(site: Client, ann: User) -> None:
    """Two audiences, a taken key and bad metadata are errors in the form."""
    actions.create("First", dedup_key="k")
    group = ann.groups.create(name="crew")
    for wrong in (
        {"user": ann.pk, "group": group.pk},
        {"dedup_key": "k"},
        {"metadata": "[]"},
        {"metadata": "{"},
        {"title": " "},
    ):
        response = site.post(f"{URL}add/", CONTENTS | wrong)
        assert response.status_code == 200
        assert response.context["errors"]
    assert Notification.objects.count() == 1


def test_change(site: Client, ann: User) -> None:
    """A change re-opens or does not, as the form says; saving without a change publishes nothing."""
    row = actions.create("By hand", dedup_key="k")
    actions.mark_read(ann, row.pk)
    url = f"{URL}{row.pk}/change/"
    counts = []
    for changes in ({}, {"message": "quietly"}, {"message": "loudly", "reopen": "on"}):
        assert site.post(url, CONTENTS | changes).status_code == 302
        counts.append((Notification.objects.get().version, Inbox(ann).unread_count()))
    assert counts == [(1, 0), (2, 0), (3, 1)]
    assert [m["at"] for m in published()] == [1, None, 2, 3]


def test_audience_stays(site: Client, ann: User) -> None:
    """The audience and the key cannot be edited after the creation."""
    row = actions.create("By hand", dedup_key="k")
    site.post(f"{URL}{row.pk}/change/", CONTENTS | {"user": ann.pk, "dedup_key": "other", "message": "x"})
    row.refresh_from_db()
    assert (row.user, row.dedup_key, row.audience, row.message) == (None, "k", "everyone", "x")


def test_list_filters_and_search(site: Client, ann: User) -> None:
    """The list shows live ones, filters, and finds by any of the texts."""
    actions.create("Backup", level="error", user=ann)
    actions.create("Disk", related_entity="db-1")
    actions.delete_for_everyone([actions.create("Gone").pk])
    found = {
        query: [row.title for row in site.get(f"{URL}?{query}").context["cl"].queryset.order_by("title")]
        for query in ("", "level__exact=error", f"user__id__exact={ann.pk}", "q=db-1", "state=deleted", "state=any")
    }
    assert list(found.values()) == [
        ["Backup", "Disk"],
        ["Backup"],
        ["Backup"],
        ["Disk"],
        ["Gone"],
        ["Backup", "Disk", "Gone"],
    ]


def test_the_list_names_the_audience(site: Client, ann: User) -> None:
    """Users and user groups are shown by their names, without a query for each row."""
    for owner in ({}, {"user": ann}, {"group": ann.groups.create(name="crew")}):
        actions.create("x", **owner)
    with CaptureQueriesContext(connection) as few:
        page = site.get(URL)
    told = re.findall(r'class="field-told[^>]*>([^<]*)<', page.content.decode())
    assert told == ["group crew", "user ann", "everyone"]
    actions.create_many({"title": str(number), "user": ann} for number in range(20))
    with CaptureQueriesContext(connection) as many:
        site.get(URL)
    assert len(many) == len(few)


def test_the_site_has_the_name_of_the_app(site: Client, settings: Any) -> None:
    """The header and the title are APP_NAME."""
    page = site.get("/admin/").content.decode()
    assert re.search(rf'id="site-name">\s*<a href="/admin/">\s*{settings.APP_NAME}\s*</a>', page)
    assert f"| {settings.APP_NAME}</title>" in page


def test_receipts_are_shown(site: Client, ann: User) -> None:
    """Who read a notification is listed with it, and cannot be edited."""
    row = actions.create("By hand")
    actions.mark_read(ann, row.pk)
    response = site.get(f"{URL}{row.pk}/change/")
    inline = response.context["inline_admin_formsets"][0]
    assert [form.original.user for form in inline if form.original] == [ann]
    assert not inline.has_change_permission
    assert not inline.has_add_permission


def test_delete_and_restore(site: Client, ann: User) -> None:
    """Deleting one, deleting the selected ones, and restoring them reach everyone."""
    rows = [actions.create(str(number)) for number in range(3)]
    assert site.get(f"{URL}{rows[0].pk}/delete/").status_code == 200
    site.post(f"{URL}{rows[0].pk}/delete/", {"post": "yes"})
    selected = {"_selected_action": [str(row.pk) for row in rows[1:]]}
    site.post(URL, selected | {"action": "delete_selected", "post": "yes"})
    assert Inbox(ann).total_count() == 0
    assert Notification.objects.count() == 3
    site.post(f"{URL}?state=deleted", selected | {"action": "restore"})
    assert Inbox(ann).unread_count() == 2
    assert [m["action"] for m in published()] == ["created"] * 3 + ["deleted"] * 3 + ["created"] * 2


def test_deleted_ones_are_read_only(site: Client) -> None:
    """A deleted one is shown, and changed only after it was restored."""
    row = actions.create("Gone")
    actions.delete_for_everyone([row.pk])
    assert site.get(f"{URL}{row.pk}/change/").status_code == 200
    assert site.post(f"{URL}{row.pk}/change/", CONTENTS).status_code == 403


def test_sensitive_ones_say_nothing_in_lists_and_searches(site: Client, settings: Any) -> None:
    """Neither the list, nor a search for a word of it, nor its deletion, its history or its log has what it says."""
    settings.ENCRYPTION_KEYS = [keys.generate()]
    response = site.post(f"{URL}add/", CONTENTS | {"title": "xyzzy", "message": "plugh", "sensitive": "on"})
    assert response.status_code == 302, response.context["errors"]
    row = Notification.objects.get()
    assert (row.text()["title"], row.text()["message"]) == ("xyzzy", "plugh")
    for page in ("", f"{row.pk}/delete/", f"{row.pk}/history/", "?sensitive__exact=1", "../../"):
        content = site.get(URL + page, follow=True).content.decode()
        assert "xyzzy" not in content
        assert "plugh" not in content
    assert site.get(f"{URL}?q=xyzzy").context["cl"].result_count == 0
    assert "Sensitive notification" in site.get(URL).content.decode()


def test_what_it_says_is_shown_and_changed_by_those_who_may(
    site: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own page has it, uncached, for who has the permission, and the audit hears of that.

    A change is encrypted again.
    """
    caplog.set_level(logging.INFO, "realtime.audit")
    settings.ENCRYPTION_KEYS = [keys.generate()]
    row = actions.create("xyzzy", "old", sensitive=True, dedup_key="k")
    page = site.get(f"{URL}{row.pk}/change/")
    assert "xyzzy" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    [read] = [record for record in caplog.records if record.message == "sensitive_read"]
    assert vars(read).items() >= {"notification": str(row.pk), "transport": "admin"}.items()
    response = site.post(f"{URL}{row.pk}/change/", CONTENTS | {"title": "xyzzy", "message": "new", "reopen": "on"})
    assert response.status_code == 302, response.context["errors"]
    row.refresh_from_db()
    said = {"title": "xyzzy", "message": "new", "dedup_key": "k"}
    said |= {name: NEUTRAL[name] for name in ("related_entity", "metadata", "group_key", "link", "actions")}
    assert (row.text(), row.version, row.message) == (said, 2, "")
    assert LogEntry.objects.get().object_repr == "Sensitive notification"


def test_others_of_the_staff_see_that_there_is_one(ann: User, settings: Any) -> None:
    """Without the permission its page says so, and only what is in clear can be changed."""
    settings.ENCRYPTION_KEYS = [keys.generate()]
    row = actions.create("xyzzy", "plugh", sensitive=True, dedup_key="k")
    ann.is_staff = True
    ann.save()
    for name in ("view_notification", "change_notification"):
        ann.user_permissions.add(Permission.objects.get(codename=name))
    client = Client()
    client.force_login(ann)
    content = client.get(f"{URL}{row.pk}/change/").content.decode()
    assert "notifications.view_sensitive" in content
    assert not any(word in content for word in ("xyzzy", "plugh", "blind:"))
    response = client.post(f"{URL}{row.pk}/change/", CONTENTS | {"title": "overwritten", "level": "error"})
    assert response.status_code == 302, response.context["errors"]
    row.refresh_from_db()
    assert (row.level, row.text()["title"]) == ("error", "xyzzy")


def test_one_whose_key_is_missing(site: Client, settings: Any) -> None:
    """Its page says which key it needs, and loses nothing when it is saved; none can be made without a key."""
    settings.ENCRYPTION_KEYS = [key] = [keys.generate()]
    row = actions.create("xyzzy", sensitive=True)
    settings.ENCRYPTION_KEYS = []
    url = f"{URL}{row.pk}/change/"
    assert f"its key {keys.name_of(key)} is missing" in site.get(url).content.decode()
    assert site.post(url, CONTENTS | {"title": "overwritten", "level": "error"}).status_code == 302
    response = site.post(f"{URL}add/", CONTENTS | {"sensitive": "on"})
    assert "ENCRYPTION_KEYS" in str(response.context["errors"])
    settings.ENCRYPTION_KEYS = [key]
    row.refresh_from_db()
    assert (row.level, row.text()["title"]) == ("error", "xyzzy")
