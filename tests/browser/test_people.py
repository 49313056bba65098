"""Two people side by side: login, audiences, rights, logout."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.dashboard import Dashboard
from tests.conftest import StartServer
from tests.support.servers import Server

PEOPLE = """
from django.contrib.auth.models import Group, User
for name, group in (("ada", "Writer"), ("bob", "Reader")):
    user = User.objects.create_user(name, password="quite-a-secret-1")
    user.groups.add(Group.objects.get(name=group))
User.objects.get(username="ada").groups.add(Group.objects.get(name="Admin"))
"""


@pytest.fixture
def guarded(start_server: StartServer) -> Server:
    """A server with login on, a writer and admin `ada`, and a reader `bob`."""
    server = start_server(AUTH_ENABLED="true")
    server.python(PEOPLE)
    return server


@pytest.fixture
def profiles(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Browser profiles; all are closed with the test."""
    opened: list[BrowserContext] = [browser.new_context(), browser.new_context()]
    yield opened
    for profile in opened:
        profile.close()


def log_in(profile: BrowserContext, server: Server, name: str) -> Dashboard:
    page = profile.new_page()
    dashboard = Dashboard(page, server.url)
    page.goto(server.url)
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill("quite-a-secret-1")
    page.get_by_test_id("login-submit").click()
    dashboard.expect_state("Connected")
    return dashboard


def test_nothing_is_shown_without_login(page: Page, guarded: Server) -> None:
    """The dashboard leads to the login page, wrong passwords are refused in words, and /ws stays silent."""
    page.goto(guarded.url)
    expect(page).to_have_url(f"{guarded.url}/accounts/login/?next=/")
    page.locator("[name=username]").fill("ada")
    page.locator("[name=password]").fill("wrong")
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("login-error")).to_be_visible()
    with guarded.client() as client:
        assert client.get("/api/v1/notifications").status_code == 401


def test_each_sees_what_is_for_them(profiles: list[BrowserContext], guarded: Server) -> None:
    """A notification for one user reaches only that user's browser; one for everyone reaches both."""
    ada, bob = log_in(profiles[0], guarded, "ada"), log_in(profiles[1], guarded, "bob")
    guarded.manage("notify", "For Bob", "secret", "--user", "bob")
    guarded.manage("notify", "For readers", "m", "--group", "Reader")
    guarded.manage("notify", "For all", "m")
    for title in ("For Bob", "For readers", "For all"):
        bob.expect_note(title)
    ada.expect_note("For all")
    ada.expect_note("For Bob", times=0)
    ada.expect_note("For readers", times=0)
    bob.expect_unread(3)
    ada.expect_unread(1)


def test_reading_and_dismissing_concern_only_oneself(profiles: list[BrowserContext], guarded: Server) -> None:
    """A reader's read mark and dismissal leave the other's inbox alone; a deletion with the right to is for all."""
    ada, bob = log_in(profiles[0], guarded, "ada"), log_in(profiles[1], guarded, "bob")
    guarded.manage("notify", "First", "m")
    guarded.manage("notify", "Second", "m")
    for who in (ada, bob):
        who.expect_unread(2)
    panel = bob.open_panel()
    panel.get_by_test_id("notification").filter(has_text="First").get_by_test_id("delete").click()
    bob.expect_note("First", times=0)
    panel.get_by_test_id("read-all").click()
    bob.expect_unread(0)
    ada.expect_note("First")
    ada.expect_unread(2)
    ada.open_panel().get_by_test_id("notification").filter(has_text="Second").get_by_test_id("delete").click()
    for who in (ada, bob):
        who.expect_note("Second", times=0)


def test_joining_a_group_shows_its_news_at_once(profiles: list[BrowserContext], guarded: Server) -> None:
    """Who joins a user group gets what comes for it from then on, without a reload; who leaves it, no longer."""
    bob = log_in(profiles[1], guarded, "bob")
    change = """
from django.contrib.auth.models import Group, User
User.objects.get(username="bob").groups.{}(Group.objects.get(name="Writer"))
"""
    guarded.manage("notify", "Old", "m", "--group", "Writer")
    guarded.python(change.format("add"))
    bob.expect_note("Old")
    bob.expect_unread(0)
    guarded.manage("notify", "New", "m", "--group", "Writer")
    bob.expect_note("New")
    bob.expect_unread(1)
    guarded.python(change.format("remove"))
    bob.expect_note("New", times=0)
    bob.expect_unread(0)


def test_logging_out_leads_to_the_login_page(profiles: list[BrowserContext], guarded: Server) -> None:
    """The menu signs out, and the dashboard asks for a login again."""
    ada = log_in(profiles[0], guarded, "ada")
    ada.page.get_by_test_id("menu-button").click()
    ada.page.get_by_test_id("logout").click()
    expect(ada.page.locator("[name=password]")).to_be_visible()
    ada.page.goto(guarded.url)
    expect(ada.page.locator("[name=password]")).to_be_visible()
