"""Composing in the admin, in a real browser: the preview, the reach, a copy for oneself, a time, resending."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.dashboard import Dashboard, log_in, post
from tests.conftest import StartServer
from tests.support.servers import Server

PEOPLE = """
from django.contrib.auth.models import Group, User
User.objects.create_superuser("root", password="quite-a-secret-1")
crew = Group.objects.create(name="Night crew")
for name in ("ada", "bob", "cyd"):
    User.objects.create_user(name, password="quite-a-secret-1").groups.add(crew)
User.objects.filter(username="cyd").update(is_active=False)
"""
ADD = "/admin/notifications/notification/add/"


@pytest.fixture
def guarded(start_server: StartServer) -> Server:
    """A server with login on: a superuser, and a user group of two active people and one inactive."""
    server = start_server(AUTH_ENABLED="true")
    server.python(PEOPLE)
    return server


@pytest.fixture
def composing(page: Page, guarded: Server) -> Page:
    """The form, as the superuser sees it."""
    log_in(page, guarded.url, "root", "quite-a-secret-1").expect_state("Connected")
    page.goto(f"{guarded.url}{ADD}")
    expect(page.get_by_test_id("reach")).to_contain_text("Reaches 3 people")
    return page


def choose(page: Page, field: str, name: str) -> None:
    """Choose a user or a user group by its name."""
    page.locator(f".field-{field} .select2-selection").first.click()
    page.locator(".select2-search__field").fill(name[:3])
    page.get_by_role("option", name=name).click()


def test_the_preview_follows_what_is_typed(composing: Page) -> None:
    """The row and the toast are the dashboard's own, with all that they say, or with what hides it."""
    page, row, toast = composing, composing.get_by_test_id("preview-row"), composing.get_by_test_id("preview-toast")
    page.get_by_role("textbox", name="Title").fill("<b>Disk</b> full")
    page.get_by_role("textbox", name="Message").fill("See https://example.org/disk.")
    page.get_by_role("combobox", name="Level").select_option("error")
    page.get_by_role("combobox", name="Category").select_option("host")
    expect(row.get_by_test_id("notification-title")).to_have_text("<b>Disk</b> full")
    expect(row.get_by_text("https://example.org/disk", exact=True)).to_have_attribute(
        "href", "https://example.org/disk"
    )
    expect(row.get_by_test_id("notification")).to_have_attribute("data-level", "error")
    expect(row.get_by_test_id("notification")).to_contain_text("host")
    expect(toast.get_by_test_id("toast")).to_contain_text("Disk")
    expect(toast.get_by_test_id("toast")).to_have_attribute("data-level", "error")
    page.get_by_label("Sensitive").check(force=True)
    expect(row.get_by_test_id("notification-title")).to_have_text("Sensitive notification")
    expect(toast.get_by_test_id("toast")).not_to_contain_text("Disk")


def test_the_reach_follows_the_audience(composing: Page) -> None:
    """A user group's active members, one user, and both at once, which is a mistake."""
    reach = composing.get_by_test_id("reach")
    choose(composing, "group", "Night crew")
    expect(reach).to_have_text("Reaches 2 people: the active members of this user group.")
    choose(composing, "user", "ada")
    expect(reach).to_have_text("Choose a user or a user group, not both.")
    composing.locator(".field-group .select2-selection__clear").click()
    expect(reach).to_have_text("Reaches 1 person: this user.")


def test_a_copy_goes_to_oneself_and_the_form_stays(composing: Page, browser: Browser, guarded: Server) -> None:
    """Mistakes are told beside the button; the copy reaches one's own dashboard, and nobody else's."""
    other = browser.new_context()
    try:
        ada = log_in(other.new_page(), guarded.url, "ada", "quite-a-secret-1")
        ada.expect_state("Connected")
        mine = Dashboard(composing.context.new_page(), guarded.url).open()
        said = composing.get_by_test_id("me-only-said")
        composing.get_by_test_id("me-only").click()
        expect(said).to_contain_text("Title: This field is required.")
        composing.get_by_role("textbox", name="Title").fill("A draft")
        composing.get_by_test_id("me-only").click()
        expect(said).to_have_text("Sent to you, and to nobody else.")
        expect(composing.get_by_role("textbox", name="Title")).to_have_value("A draft")
        mine.expect_note("A draft")
        guarded.manage("notify", "For all", "m")
        ada.expect_note("For all")
        ada.expect_note("A draft", times=0)
    finally:
        other.close()


def test_mistakes_keep_what_was_typed(composing: Page) -> None:
    """After an error the form has everything, the chosen group included, and says where the mistake is."""
    composing.get_by_role("textbox", name="Title").fill("Kept")
    composing.get_by_role("textbox", name="Message").fill("All of it")
    choose(composing, "group", "Night crew")
    composing.locator("#id_deliver_at_0").fill("2020-01-01")
    composing.locator("#id_deliver_at_1").fill("10:00")
    expect(composing.locator("#send-words")).to_have_text("Schedule")
    composing.locator("#submit-row").get_by_role("button", name="Schedule", exact=True).click()
    expect(composing.get_by_text("It must be in the future.")).to_be_visible()
    expect(composing.get_by_role("textbox", name="Title")).to_have_value("Kept")
    expect(composing.get_by_role("textbox", name="Message")).to_have_value("All of it")
    expect(composing.get_by_test_id("reach")).to_contain_text("Reaches 2 people")
    expect(composing.get_by_test_id("preview-row").get_by_test_id("notification-title")).to_have_text("Kept")


def test_scheduling_in_ones_own_zone(browser: Browser, server: Server) -> None:
    """A time is typed as it is where the person is; it is listed so, cancelled there, or comes by itself."""
    tokyo = browser.new_context(timezone_id="Asia/Tokyo", viewport={"width": 1400, "height": 1000})
    try:
        page = tokyo.new_page()
        page.goto(f"{server.url}/admin/")
        expect(page.locator("#nav-sidebar-apps")).to_be_visible()
        page.goto(f"{server.url}{ADD}")
        schedule(page, "Tomorrow", datetime.now(ZoneInfo("Asia/Tokyo")) + timedelta(days=1))
        expect(page.get_by_text(re.compile(r"Scheduled for .*\(Asia/Tokyo\); it will reach 1 person"))).to_be_visible()
        page.goto(f"{server.url}/admin/notifications/notification/?state=scheduled")
        row = page.get_by_role("row").filter(has_text="Tomorrow")
        expect(row).to_contain_text("(Asia/Tokyo)")
        row.get_by_role("checkbox").check()
        page.locator("select[name=action]").select_option("cancel")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_text("1 cancelled.")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="Tomorrow")).to_have_count(0)
        dashboard = Dashboard(tokyo.new_page(), server.url).open()
        page.goto(f"{server.url}{ADD}")
        schedule(page, "In a moment", datetime.now(ZoneInfo("Asia/Tokyo")) + timedelta(seconds=20))
        expect(page.get_by_text("Scheduled for")).to_be_visible()
        dashboard.expect_note("In a moment", times=0)
        expect(dashboard.note("In a moment")).to_have_count(1, timeout=60_000)
    finally:
        tokyo.close()


def schedule(page: Page, title: str, moment: datetime) -> None:
    """Fill in and send the form."""
    page.get_by_role("textbox", name="Title").fill(title)
    page.locator("#id_deliver_at_0").fill(f"{moment:%Y-%m-%d}")
    page.locator("#id_deliver_at_1").fill(f"{moment:%H:%M:%S}")
    page.locator("#submit-row").get_by_role("button", name="Schedule", exact=True).click()


def test_resending_reaches_open_dashboards(page: Page, server: Server) -> None:
    """What was read is unread again everywhere, with what was changed."""
    pk = post(server, "Maintenance")
    dashboard = Dashboard(page, server.url).open()
    dashboard.note("Maintenance").get_by_test_id("toggle-read").click()
    dashboard.expect_unread(0)
    admin = page.context.new_page()
    admin.goto(f"{server.url}/admin/notifications/notification/{pk}/change/")
    expect(admin.get_by_test_id("preview-row").get_by_test_id("notification-title")).to_have_text("Maintenance")
    admin.get_by_role("textbox", name="Message").fill("At noon")
    admin.get_by_test_id("resend").click()
    expect(admin.get_by_text("It is told to 1 person.")).to_be_visible()
    dashboard.expect_unread(1)
    expect(dashboard.note("Maintenance")).to_contain_text("At noon")
