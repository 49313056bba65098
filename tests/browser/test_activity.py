"""The chart of the last hour on the overview."""

import re

from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard, post
from tests.browser.test_content_security import complaints  # noqa: F401  (a fixture)
from tests.browser.test_jobs_page import change, create
from tests.support.servers import Server


def test_the_chart_is_live(dashboard: Dashboard, server: Server, complaints: list[str]) -> None:  # noqa: F811
    """A quiet hour says so; what happens is drawn soon after, with its level or state, and told in words."""
    page = dashboard.page
    expect(page.get_by_test_id("hour-state")).to_contain_text("A quiet hour")
    post(server, "It broke", level="error")
    notifications = page.get_by_test_id("hour-notifications")
    expect(notifications.locator("[data-name=error]")).to_have_count(1)
    expect(page.get_by_test_id("hour-state")).to_be_hidden()
    job = create(server, "Backup")
    change(server, job, status="failed")
    jobs = page.get_by_test_id("hour-jobs")
    expect(jobs.locator("[data-name=failed]")).to_have_count(1)
    expect(page.get_by_role("img", name="Notifications in the last hour")).to_be_visible()
    expect(jobs.locator("desc")).to_have_text(re.compile("^Failed: 1, Cancelled: 0, Completed: 0, Begun: 1"))
    assert complaints == []


def test_the_chart_in_figures(page: Page, server: Server) -> None:
    """The same is in a table: a row for each five minutes, the latest first."""
    post(server, "Full", level="warning")
    Dashboard(page, server.url).open()
    page.get_by_text("In figures").click()
    table = page.get_by_test_id("hour-table")
    expect(table.locator("tbody tr")).to_have_count(12)
    expect(table.get_by_role("columnheader", name="Warning")).to_be_visible()
    figures = table.locator("tbody td").all_inner_texts()
    assert sorted(figures, key=int) == ["0"] * 95 + ["1"]
