"""Groups and storms in the page: one entry that counts and opens, and one toast; and what a notification offers."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.dashboard import Dashboard, post
from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server


def entries(dashboard: Dashboard) -> Locator:
    """Open the panel and return its entries, without a group's members."""
    return dashboard.open_panel().locator("#panel-list > li")


def many(server: Server, count: int, **fields: object) -> None:
    """Create *count* with one request."""
    body = {"notifications": [{"title": f"Host {number} is down", **fields} for number in range(count)]}
    with server.client() as client:
        assert client.post("/api/v1/notifications/bulk", json=body).status_code == 201


def test_a_group_is_one_entry_that_opens(dashboard: Dashboard, server: Server) -> None:
    """It shows the newest and how many there are; opened, it shows the others, and its buttons mean all of it."""
    for number in range(3):
        post(server, f"Backup {number}", group_key="backup")
    post(server, "Another")
    dashboard.expect_unread(4)
    rows = entries(dashboard)
    expect(rows).to_have_count(2)
    group = rows.nth(1)
    expect(group.get_by_test_id("notification-title")).to_have_text("Backup 2")
    expect(group.get_by_test_id("group-count")).to_have_text("3")
    toggle = group.get_by_test_id("group-toggle")
    expect(toggle).to_have_text("2 more")
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(group.get_by_test_id("group-members").get_by_test_id("notification-title")).to_have_text(
        ["Backup 1", "Backup 0"]
    )
    post(server, "Backup 3", group_key="backup")
    expect(rows.nth(0).get_by_test_id("group-count")).to_have_text("4")
    expect(rows.nth(0).get_by_test_id("group-members").get_by_test_id("notification-title")).to_have_count(3)
    rows.nth(0).get_by_test_id("group-toggle").click()
    expect(rows.nth(0).get_by_test_id("notification-title")).to_have_text(["Backup 3"])
    rows.nth(0).hover()
    rows.nth(0).get_by_test_id("toggle-read").click()
    dashboard.expect_unread(1)
    rows.nth(0).get_by_test_id("delete").click()
    expect(rows).to_have_count(1)
    dashboard.page.reload()
    expect(entries(dashboard)).to_have_count(1)


def test_a_storm_is_one_entry_and_one_toast(page: Page, start_server: StartServer) -> None:
    """Of 300 that come one after the other there is one entry that counts them, one toast, and one announcement.

    After a reload the page, which holds the newest hundred, still counts all.
    """
    server = start_server(**LOCAL, NOTIFICATION_STORM_COUNT="20")
    dashboard = Dashboard(page, server.url).open()
    page.evaluate("""
        window.spoken = [];
        const listen = (node) => node.nodeType === 1 && node.matches("[role=status], [role=alert]")
            && spoken.push(node.textContent);
        new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(listen)))
            .observe(document.querySelector("#toasts"), { childList: true });
    """)
    server.python(
        "from notifications import actions\n"
        "for number in range(300): actions.create(f'Host {number} is down', level='error', category='host')"
    )
    dashboard.expect_unread_text("99+")
    toasts = page.get_by_test_id("toast")
    expect(toasts).to_have_count(1)
    expect(toasts).to_contain_text("300 new", timeout=60_000)
    expect(toasts).to_contain_text("Host 299 is down")
    assert len(page.evaluate("spoken")) <= 5  # The first few, before it is a storm, and the storm once.
    rows = entries(dashboard)
    expect(rows).to_have_count(1)
    expect(rows.get_by_test_id("group-count")).to_have_text("300")
    page.reload()
    rows = entries(dashboard)
    expect(rows).to_have_count(1)
    expect(rows.get_by_test_id("group-count")).to_have_text("300")
    rows.get_by_test_id("group-toggle").click()
    members = rows.get_by_test_id("group-members").get_by_test_id("notification")
    expect(members).to_have_count(20)
    for shown in (40, 60, 80, 100, 120):
        rows.get_by_test_id("group-more").click()
        expect(members).to_have_count(shown)


def test_a_request_succeeds_or_fails_on_its_button(dashboard: Dashboard, server: Server) -> None:
    """It is sent with the reader's session; a refusal is told beside the button, which then tries again."""
    dashboard.expect_unread(0)
    body = {"title": "It was pressed"}
    post(server, "Good", actions=[{"label": "Tell", "method": "POST", "path": "/api/v1/notifications", "body": body}])
    good = entries(dashboard).filter(has_text="Good").get_by_test_id("note-call")
    expect(good).to_have_attribute("title", "POST /api/v1/notifications")
    good.click()
    expect(good).to_have_attribute("data-state", "done")
    dashboard.expect_note("It was pressed")
    post(server, "Bad", actions=[{"label": "Break", "method": "PUT", "path": "/api/v1/nothing"}])
    row = dashboard.page.locator("#panel-list > li").filter(has_text="Bad")
    bad = row.get_by_test_id("note-call")
    bad.click()
    expect(bad).to_have_text("Try again")
    expect(row).to_contain_text("Break: ")
    expect(bad).to_have_attribute("data-state", "failed")


def test_what_deletes_is_asked_for_twice(dashboard: Dashboard, server: Server) -> None:
    """The first press says what would be sent, and sends nothing."""
    pk = post(server, "Victim")
    post(server, "Offer", actions=[{"label": "Clean up", "method": "DELETE", "path": f"/api/v1/notifications/{pk}"}])
    row = entries(dashboard).filter(has_text="Offer")
    row.get_by_test_id("note-call").click()
    expect(row).to_contain_text(f"DELETE /api/v1/notifications/{pk}")
    dashboard.expect_note("Victim")
    row.get_by_test_id("note-call").click()
    dashboard.expect_note("Victim", times=0)


def test_a_deep_link_opens_and_marks_as_read(dashboard: Dashboard, server: Server) -> None:
    """The title leads there, and the notification is read when the person comes back."""
    post(server, "See the jobs", link="/jobs")
    post(server, "Elsewhere", link="https://example.org/x", actions=[{"label": "Report", "url": "/inventory"}])
    dashboard.expect_unread(2)
    rows = entries(dashboard)
    outside = rows.filter(has_text="Elsewhere").get_by_test_id("notification-link")
    expect(outside).to_have_attribute("rel", "noopener noreferrer")
    expect(outside).to_have_attribute("target", "_blank")
    expect(rows.filter(has_text="Elsewhere").get_by_test_id("note-link")).to_have_attribute("href", "/inventory")
    rows.filter(has_text="See the jobs").get_by_test_id("notification-link").click()
    dashboard.page.wait_for_url(re.compile("/jobs"))
    dashboard.expect_unread(1)


HOSTILE = [
    "javascript:alert(1)", "//evil.example", "/\\\\evil.example", "data:text/html,x", "https://a@evil.example",
    " /x", "/a b", "http:evil.example",
]  # fmt: skip


@pytest.mark.parametrize("link", HOSTILE)
def test_a_hostile_link_leads_nowhere(dashboard: Dashboard, server: Server, link: str) -> None:
    """The server refuses it; where it is in the database all the same, the page makes no link and no button of it."""
    with server.client() as client:
        answer = client.post("/api/v1/notifications", json={"title": "x", "link": link})
    assert answer.status_code == 400
    server.python(
        "from notifications.models import Notification\n"
        f"Notification.objects.create(title='Trap', link={link!r}, actions=[{{'label': 'x', 'url': {link!r}}},"
        f" {{'label': '<b>y</b>', 'method': 'POST', 'path': '/api/../admin/logout/'}}])"
    )
    dashboard.expect_note("Trap")
    row = dashboard.note("Trap")
    expect(row.get_by_role("link")).to_have_count(0)
    expect(row.get_by_test_id("note-call")).to_have_text("<b>y</b>")
    row.get_by_test_id("note-call").click()
    expect(row).to_contain_text("This page sends no such request.")
