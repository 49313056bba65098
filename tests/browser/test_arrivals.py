"""A committed notification appears in every open browser, whoever wrote it."""

import re
import time

from playwright.sync_api import BrowserContext, expect

from tests.browser.dashboard import Dashboard, post
from tests.support.servers import Server

NOTE_WHEN_SHOWN = """
    window.shown = new Map();
    const list = document.querySelector("[data-testid=activity]");
    new MutationObserver(() => {
        for (const { dataset } of list.querySelectorAll("[data-testid=notification]"))
            if (!shown.has(dataset.id)) shown.set(dataset.id, Date.now());
    }).observe(list, { childList: true, subtree: true });
"""
"""Notes the time at which each notification comes into the list, by its id."""
TOO_WIDE = "({ parentElement: box }) => box.scrollWidth - box.clientWidth"
"""Pixels of a table that are to be scrolled to."""


def test_a_post_appears_in_three_tabs(context: BrowserContext, server: Server) -> None:
    """A notification posted with REST appears in the tab that is open, and in two more."""
    tabs = [Dashboard(context.new_page(), server.url).open() for _ in range(3)]
    post(server, "Disk almost full", message="/var is at 94 %", level="warning")
    for tab in tabs:
        tab.expect_note("Disk almost full")
        tab.expect_unread(1)
        expect(tab.page.get_by_test_id("toast").get_by_text("Disk almost full")).to_be_visible()


def test_a_post_appears_within_a_second(context: BrowserContext, server: Server) -> None:
    """Three tabs show what was posted within a second; the best of three posts counts, since machines have pauses."""
    tabs = [Dashboard(context.new_page(), server.url).open() for _ in range(3)]
    for tab in tabs:
        tab.page.evaluate(NOTE_WHEN_SHOWN)
    delays: list[float] = []
    for number in range(3):
        pk, posted = post(server, f"Post {number}"), time.time()
        for tab in tabs:
            tab.expect_note(f"Post {number}")
        delays.append(max(tab.page.evaluate("(id) => shown.get(id)", pk) / 1_000 - posted for tab in tabs))
    assert min(delays) < 1, delays


def test_the_notify_command_appears(dashboard: Dashboard, server: Server) -> None:
    """`manage.py notify`, another process on the embedded default, reaches the browser and prints the id."""
    printed = server.manage("notify", "Backup finished", "All volumes", "--level", "success").strip()
    dashboard.expect_note("Backup finished")
    assert dashboard.note("Backup finished").get_attribute("data-id") == printed.splitlines()[-1]


def test_a_notification_composed_in_the_admin_appears(
    context: BrowserContext, dashboard: Dashboard, server: Server
) -> None:
    """Saving in the Django admin, which asks the local operator for no password, reaches the other tab."""
    admin = context.new_page()
    admin.goto(f"{server.url}/admin/notifications/notification/add/")
    admin.locator("[name=title]").fill("Maintenance at noon")
    admin.locator("[name=message]").fill("Expect short interruptions.")
    admin.locator("[name=_save]").click()
    expect(admin).to_have_url(re.compile(r"/admin/notifications/notification/$"))
    dashboard.expect_note("Maintenance at noon")


def test_the_admin_list_fits(context: BrowserContext, server: Server) -> None:
    """On a screen 1280 px wide the list of the admin shows all its columns, however long a title or a name is."""
    user = "User.objects.create_user('someone.with.a.long.name')"
    create = f"actions.create('x' * 200, category='authentication', level='warning', user={user})"
    server.python(f"from notifications import actions; from django.contrib.auth.models import User; {create}")
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{server.url}/admin/notifications/notification/")
    expect(page.locator("#result_list")).to_contain_text("someone.with.a.long.name")
    assert page.locator("#result_list").evaluate(TOO_WIDE) == 0


def test_a_plain_objects_create_in_a_shell_appears(dashboard: Dashboard, server: Server) -> None:
    """Anyone's `Notification.objects.create()` reaches browsers, and so do its later save and delete."""
    model = "from notifications.models import Notification as N; "
    server.python(model + "N.objects.create(title='From a shell', message='m')")
    dashboard.expect_note("From a shell")
    server.python(model + "row = N.objects.get(); row.title = 'Edited'; row.save()")
    dashboard.expect_note("Edited")
    dashboard.expect_note("From a shell", times=0)
    server.python(model + "N.objects.get().delete()")
    dashboard.expect_note("Edited", times=0)
    dashboard.expect_unread(0)


def test_the_console_tells_how_the_connection_came(dashboard: Dashboard, server: Server) -> None:
    """The lines that the documentation names are in the console."""
    assert f"Connecting to WebSocket: {server.ws_url}" in dashboard.console
    assert "WebSocket connected" in dashboard.console
    assert any(line.startswith("Received initial state: ") for line in dashboard.console)


def test_text_is_shown_as_text(dashboard: Dashboard, server: Server) -> None:
    """Markup in a title or a message is shown, not interpreted."""
    markup = "<img src=x onerror=document.title='owned'> & <b>bold</b>"
    post(server, markup, message=markup)
    dashboard.expect_note(markup)
    expect(dashboard.page.locator("[data-testid=activity] img, [data-testid=toasts] img")).to_have_count(0)
    assert "owned" not in dashboard.page.title()


def test_an_empty_inbox_says_so(dashboard: Dashboard) -> None:
    """Without notifications the list says in words that there is nothing."""
    expect(dashboard.page.get_by_test_id("activity-state")).to_be_visible()
    expect(dashboard.page.get_by_test_id("activity-state").locator("h3")).not_to_be_empty()
    dashboard.expect_unread(0)


def storm(server: Server, count: int) -> None:
    """Create that many at once, from n0 to the newest."""
    create = f"actions.create_many([{{'title': f'n{{i}}'}} for i in range({count})])"
    server.python(f"from notifications import actions; {create}")


def test_a_storm_makes_one_toast(dashboard: Dashboard, server: Server) -> None:
    """Many at once become one toast that counts them, and all of them are in the list, each once."""
    storm(server, 30)
    dashboard.expect_unread(30)
    expect(dashboard.page.get_by_test_id("toast")).to_have_count(1)
    expect(dashboard.page.get_by_test_id("toast")).to_contain_text("30 new notifications")
    dashboard.expect_note("n29")


def test_a_storm_is_shown_newest_first(dashboard: Dashboard, server: Server) -> None:
    """Of a hundred that were created together the last one is on top, at once as after a reload."""
    storm(server, 100)
    titles = dashboard.page.get_by_test_id("activity").get_by_test_id("notification-title")
    for _ in range(2):
        expect(dashboard.page.get_by_test_id("bell-count")).to_have_text("99+")
        for place in range(3):
            expect(titles.nth(place)).to_have_text(re.compile(rf"^n{99 - place}( \(unread\))?$"))
        dashboard.page.reload()


def test_a_storm_costs_no_request(dashboard: Dashboard, server: Server) -> None:
    """What is pushed is all that the page needs: it asks REST for no notification again."""
    asked: list[str] = []
    dashboard.page.on("request", lambda request: asked.append(request.url))
    storm(server, 50)
    dashboard.expect_unread(50)
    dashboard.expect_note("n49")
    post(server, "Afterwards")
    dashboard.expect_note("Afterwards")
    assert [url for url in asked if "/api/v1/notifications" in url] == []
