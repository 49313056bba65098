"""A committed notification appears in every open browser, whoever wrote it."""

from playwright.sync_api import BrowserContext, expect

from tests.browser.dashboard import Dashboard, post
from tests.support.servers import Server


def test_a_post_appears_in_three_tabs(context: BrowserContext, server: Server) -> None:
    """A notification posted with REST appears in the tab that is open, and in two more."""
    tabs = [Dashboard(context.new_page(), server.url).open() for _ in range(3)]
    post(server, "Disk almost full", message="/var is at 94 %", level="warning")
    for tab in tabs:
        tab.expect_note("Disk almost full")
        tab.expect_unread(1)
        expect(tab.page.get_by_test_id("toast").get_by_text("Disk almost full")).to_be_visible()


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
    expect(admin.locator(".messagelist .success")).to_be_visible()
    dashboard.expect_note("Maintenance at noon")


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


def test_a_storm_makes_one_toast(dashboard: Dashboard, server: Server) -> None:
    """Many at once become one toast that counts them, and all of them are in the list, each once."""
    server.python("from notifications import actions; actions.create_many([{'title': f'n{i}'} for i in range(30)])")
    dashboard.expect_unread(30)
    expect(dashboard.page.get_by_test_id("toast")).to_have_count(1)
    expect(dashboard.page.get_by_test_id("toast")).to_contain_text("30 new notifications")
    dashboard.expect_note("n29")
