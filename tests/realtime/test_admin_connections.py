"""Tests of the admin's page of connections: who may see it, who may disconnect, and what the audit is told."""

import logging

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.realtime.conftest import Connect, in_thread

URL = "/admin/realtime/liveconnection/"


def staff(*permissions: str) -> Client:
    """Return the browser of a staff user who has *permissions* and no others."""
    person = User.objects.create_user("staff", is_staff=True)
    for name in permissions:
        person.user_permissions.add(Permission.objects.get(codename=name, content_type__app_label="realtime"))
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.mark.django_db
def test_without_the_permission_there_is_no_page() -> None:
    """Nobody of the staff sees it, or can send to it, without being allowed to; the navigation does not name it."""
    browser = staff()
    assert browser.get(URL).status_code == 403
    assert browser.post(f"{URL}disconnect/", {"only": "x"}).status_code == 403
    assert URL not in browser.get("/admin/").content.decode()


@pytest.mark.django_db
def test_strangers_are_sent_to_the_login() -> None:
    """Who is not logged in sees nothing."""
    assert Client().get(URL).status_code == 302
    assert Client().post(f"{URL}disconnect/").status_code == 302


async def test_who_may_look_cannot_disconnect(connect: Connect) -> None:
    """With the one permission the page has no buttons, and what they would send is refused."""
    anna = await connect()
    browser = await in_thread(staff, "view_connections")
    page = await in_thread(browser.get, URL)
    content = page.content.decode()
    assert anna.hello["client_id"] in content
    assert "Disconnect" not in content
    refused = await in_thread(browser.post, f"{URL}disconnect/", {"only": anna.hello["client_id"]})
    assert refused.status_code == 403
    await anna.subscribe("jobs")


async def test_who_may_disconnect_does(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """The client is ended, the page says so, and the audit says who did it to whom."""
    caplog.set_level(logging.INFO, "realtime.audit")
    anna = await connect()
    browser = await in_thread(staff, "view_connections", "disconnect")
    only = {"only": anna.hello["client_id"], "q": "anna"}
    answer = await in_thread(lambda: browser.post(f"{URL}disconnect/", only, follow=True))
    assert answer.redirect_chain == [(f"{URL}?q=anna", 302)]
    assert "Disconnected 1 of 1: anna." in answer.content.decode()
    assert (await anna.receive())["code"] == 4101
    [told] = [vars(record) for record in caplog.records if record.message == "client_ended"]
    assert (told["user"], told["account"], told["client"]) == ("staff", "anna", anna.hello["client_id"])
    again = await in_thread(lambda: browser.post(f"{URL}disconnect/", only, follow=True))
    assert "had left already" in again.content.decode()
    nothing = await in_thread(lambda: browser.post(f"{URL}disconnect/", {}, follow=True))
    assert "Choose at least one" in nothing.content.decode()


async def test_only_a_post_disconnects(connect: Connect) -> None:
    """A link cannot."""
    anna = await connect()
    browser = await in_thread(staff, "view_connections", "disconnect")
    answer = await in_thread(browser.get, f"{URL}disconnect/", {"only": anna.hello["client_id"]})
    assert answer.status_code == 405
