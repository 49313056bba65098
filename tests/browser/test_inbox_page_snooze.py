"""Snoozing on the inbox page: until when, away until then, back by itself or by hand; and two people side by side."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.dashboard import log_in, post
from tests.browser.inbox import Inbox
from tests.browser.test_pages import PASSWORD
from tests.conftest import StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for


@pytest.fixture
def inbox(page: Page, server: Server) -> Inbox:
    """The page, with two notifications."""
    for title in ("One", "Two"):
        post(server, title)
    inbox = Inbox(page, server.url).open()
    inbox.expect_titles("Two", "One")
    return inbox


def test_until_tomorrow_and_back_by_hand(inbox: Inbox) -> None:
    """It leaves the inbox, says until when in words, and comes back as it was."""
    page = inbox.page
    inbox.press("Two", "read")
    inbox.press("Two", "snooze")
    expect(page.get_by_test_id("snooze-tomorrow")).to_contain_text("tomorrow, 09:00")
    page.get_by_test_id("snooze-tomorrow").click()
    inbox.expect_titles("One")
    inbox.expect_count("snoozed", 1)
    inbox.choose("snoozed")
    expect(inbox.row("Two").get_by_test_id("item-badges")).to_contain_text("Until tomorrow, 09:00")
    inbox.row("Two").get_by_test_id("item-title").click()
    back = page.get_by_test_id("details-unsnooze")
    expect(back).to_have_text("Back to inbox")
    back.click()
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing snoozed")
    inbox.choose("inbox")
    inbox.expect_titles("Two", "One")
    expect(inbox.row("Two")).to_have_attribute("data-read", "true")


def test_undo_brings_it_back(inbox: Inbox) -> None:
    """With the toast, at once."""
    inbox.press("Two", "snooze")
    inbox.page.get_by_test_id("snooze-week").click()
    inbox.expect_titles("One")
    inbox.undo("Snoozed")
    inbox.expect_titles("Two", "One")
    inbox.expect_count("snoozed", 0)


def test_a_time_of_ones_own(inbox: Inbox) -> None:
    """What has passed and what is no time is refused in words; Escape changes nothing; a time ahead is taken."""
    page = inbox.page
    inbox.press("Two", "snooze")
    page.get_by_test_id("snooze-confirm").click()
    expect(page.get_by_test_id("snooze-error")).to_have_text("Choose a day and a time.")
    page.get_by_test_id("snooze-own").fill("2020-01-01T10:00")
    page.get_by_test_id("snooze-confirm").click()
    expect(page.get_by_test_id("snooze-error")).to_contain_text("That is over.")
    page.keyboard.press("Escape")
    inbox.expect_titles("Two", "One")
    inbox.press("Two", "snooze")
    ahead = datetime.now().astimezone() + timedelta(days=3)
    page.get_by_test_id("snooze-own").fill(ahead.strftime("%Y-%m-%dT10:30"))
    expect(page.get_by_test_id("snooze-words")).to_have_text(re.compile(r"^Until \w{3}, 10:30$"))
    page.get_by_test_id("snooze-confirm").click()
    inbox.expect_titles("One")


def test_it_comes_back_while_one_looks(inbox: Inbox, server: Server) -> None:
    """At the time, as unread, in the list and in the counts, with nobody touching the page."""
    with server.client() as client:
        pk = client.get("/api/v1/notifications?q=Two").json()["notifications"][0]["id"]
        client.put(f"/api/v1/notifications/{pk}/read").raise_for_status()
        until = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
        client.put(f"/api/v1/notifications/{pk}/snoozed", json={"until": until}).raise_for_status()
    inbox.expect_titles("One")
    inbox.expect_count("snoozed", 1)
    inbox.expect_titles("Two", "One")
    expect(inbox.row("Two")).to_have_attribute("data-read", "false")
    inbox.expect_count("snoozed", 0)
    inbox.expect_count("unread", 2)


def test_two_people_have_their_own_marks(browser: Browser, start_server: StartServer) -> None:
    """What one archives, saves and snoozes is where it was for the other; what is changed for all is seen by both."""
    server = start_server(AUTH_ENABLED="true")
    server.python(
        "from django.contrib.auth.models import User; from notifications import actions;"
        f"[User.objects.create_user(name, password='{PASSWORD}') for name in ('ada', 'bob')];"
        "[actions.create(title=title) for title in ('One', 'Two', 'Three')]"
    )
    contexts = [browser.new_context() for _ in range(2)]
    ada, bob = (Inbox(context.new_page(), server.url) for context in contexts)
    for inbox, name in ((ada, "ada"), (bob, "bob")):
        log_in(inbox.page, f"{server.url}/notifications", name, PASSWORD)
        inbox.expect_titles("Three", "Two", "One")
        expect(inbox.page.get_by_test_id("bell")).to_have_attribute("data-state", "connected", timeout=30_000)
    ada.press("Two", "archive")
    ada.press("One", "save")
    ada.press("Three", "delete")  # Who may not delete for everyone, dismisses.
    expect(ada.page.get_by_test_id("toast").filter(has_text="Dismissed")).to_be_visible()
    ada.expect_titles("One")
    bob.press("One", "read")
    bob.expect_titles("Three", "Two", "One")
    expect(bob.row("One")).to_have_attribute("data-read", "true")
    expect(ada.row("One")).to_have_attribute("data-read", "false")
    bob.expect_count("saved", 0)
    for inbox in (ada, bob):
        inbox.page.mouse.move(5, 5)  # What comes would wait where one points at the list.
    server.python("from notifications import actions; actions.create(title='Four')")
    ada.expect_titles("Four", "One")
    bob.expect_titles("Four", "Three", "Two", "One")
    wait_for(lambda: ada.page.title().startswith("(2)") and bob.page.title().startswith("(3)"))
    for context in contexts:
        context.close()
