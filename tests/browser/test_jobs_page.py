"""The jobs page: what it lists, in what order, what changes before a person's eyes, and what they can do."""

import re
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.dashboard import log_in
from tests.browser.proxy import POLL, STREAM, WEBSOCKET, Proxy
from tests.browser.test_content_security import complaints  # noqa: F401  (a fixture)
from tests.browser.test_pages import PASSWORD, expect_connected
from tests.conftest import StartServer
from tests.support.servers import ROOT, Server
from tests.support.waiting import wait_for

MANY = """
from datetime import timedelta
from django.utils import timezone
from aether.jobs.models import Job
now = timezone.now() - timedelta(days=1)
Job.objects.bulk_create([
    Job(name=f"Job {n}", status="completed", progress=100, created_at=now - timedelta(minutes=n),
        started_at=now - timedelta(minutes=n), completed_at=now - timedelta(minutes=n)) for n in range(10_000)
], batch_size=500)
"""
COMMAND = ["sh", "-c", "for i in $(seq 5); do echo line $i; sleep 1; done"]


def create(server: Server, name: str, **fields: Any) -> str:
    """Create a job with REST; return its id."""
    with server.client() as client:
        answer = client.post("/api/v1/jobs", json={"name": name, "status": "running", **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["job_id"])


def change(server: Server, job_id: str, **fields: Any) -> None:
    """Change a job with REST."""
    with server.client() as client:
        answer = client.patch(f"/api/v1/jobs/{job_id}", json=fields)
    assert answer.status_code == 200, answer.text


def open_jobs(page: Page, url: str, query: str = "") -> None:
    """Open the page of all jobs, and wait until it is connected."""
    page.goto(f"{url}/jobs{query}")
    expect_connected(page)


def names(page: Page) -> list[str]:
    """Return the names that are listed, from top to bottom, all as they are at one moment.

    A locator finds the elements first and reads them in a second step, between which rows may be filled anew.
    """
    read = "() => [...document.querySelectorAll('[data-testid=job-name]')].map((name) => name.innerText)"
    found: list[str] = page.evaluate(read)
    return found


def row(page: Page, name: str) -> Locator:
    """Return the row of that name."""
    return page.get_by_test_id("job").filter(has=page.get_by_test_id("job-name").get_by_text(name, exact=True))


def test_a_command_appears_and_streams(page: Page, server: Server, complaints: list[str]) -> None:  # noqa: F811
    """`manage.py job run` in another process is listed while it runs; its lines are on its page as they are printed."""
    open_jobs(page, server.url)
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing has run yet")
    runner = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "job", "run", "--name", "Five lines", "--", *COMMAND],
        env=server.env, cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        listed = row(page, "Five lines")
        expect(listed.get_by_test_id("state-chip")).to_have_text("Running", timeout=30_000)
        listed.get_by_test_id("job-name").click()
        lines = page.get_by_test_id("line")
        expect(lines.first).to_contain_text("line 1")
        assert runner.poll() is None, "The line came when the command had ended."
        expect(lines).to_have_count(5, timeout=30_000)
        expect(page.get_by_test_id("state-chip").first).to_have_text("Completed", timeout=30_000)
        expect(page.get_by_test_id("job-exit-code")).to_have_text("0")
        assert runner.wait(30) == 0
    finally:
        runner.kill()
    assert [text.split("line ")[1] for text in lines.all_inner_texts()] == ["1", "2", "3", "4", "5"]
    assert complaints == []


def test_the_order_and_what_moves_in_it(page: Page, server: Server) -> None:
    """Running, pending, finished; a job that ends goes down while nobody points at it, and its progress moves."""
    first, second = create(server, "First"), create(server, "Second")
    create(server, "Waits", status="pending")
    change(server, first, status="completed")
    open_jobs(page, server.url)
    wait_for(lambda: names(page) == ["Second", "Waits", "First"])
    change(server, second, progress=40)
    expect(row(page, "Second").get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")
    before = row(page, "Second").get_by_test_id("job-elapsed").inner_text()
    expect(row(page, "Second").get_by_test_id("job-elapsed")).not_to_have_text(before)
    create(server, "Third")
    wait_for(lambda: names(page) == ["Third", "Second", "Waits", "First"])
    change(server, second, status="failed", error="It broke.")
    wait_for(lambda: names(page) == ["Third", "Waits", "Second", "First"])
    expect(row(page, "Second").get_by_test_id("state-chip")).to_have_text("Failed")


def test_nothing_moves_under_the_pointer(page: Page, server: Server) -> None:
    """While the pointer is over the list its rows say what is new, and stay; when it leaves they take their places."""
    first = create(server, "First")
    create(server, "Second")
    open_jobs(page, server.url)
    wait_for(lambda: names(page) == ["Second", "First"])
    row(page, "First").get_by_test_id("state-chip").hover()
    create(server, "Third")
    change(server, first, progress=70)
    expect(row(page, "First").get_by_role("progressbar")).to_have_attribute("aria-valuenow", "70")
    expect(page.get_by_test_id("jobs-status")).to_contain_text("1 change waits")
    assert names(page) == ["Second", "First"]
    page.mouse.move(5, 5)
    wait_for(lambda: names(page) == ["Third", "Second", "First"])


def test_parts_are_under_the_whole(page: Page, server: Server) -> None:
    """A job opens to its parts, with the pointer and with the keyboard; each has its own progress, live."""
    whole = create(server, "Whole")
    part = create(server, "Part one", parent=whole)
    create(server, "Part two", parent=whole, status="pending")
    open_jobs(page, server.url)
    wait_for(lambda: names(page) == ["Whole"])
    row(page, "Whole").get_by_test_id("job-expand").click()
    page.mouse.move(5, 5)
    wait_for(lambda: names(page) == ["Whole", "Part one", "Part two"])
    expect(row(page, "Whole")).to_have_attribute("aria-expanded", "true")
    expect(row(page, "Part one")).to_have_attribute("aria-level", "2")
    change(server, part, progress=30)
    expect(row(page, "Part one").get_by_role("progressbar")).to_have_attribute("aria-valuenow", "30")
    row(page, "Whole").focus()
    page.keyboard.press("ArrowLeft")
    wait_for(lambda: names(page) == ["Whole"])
    page.keyboard.press("ArrowRight")
    wait_for(lambda: len(names(page)) == 3)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/jobs/{whole}")


def test_filters_are_in_the_address(page: Page, server: Server) -> None:
    """States and words choose what is listed, are kept in the address, and are taken back where nothing matches."""
    change(server, create(server, "Backup of db-1"), status="failed")
    change(server, create(server, "Backup of db-2"), status="completed")
    create(server, "Deploy")
    open_jobs(page, server.url)
    page.get_by_test_id("filter-failed").click()
    wait_for(lambda: names(page) == ["Backup of db-1"])
    expect(page).to_have_url(re.compile(r"\?status=failed$"))
    page.get_by_test_id("filter-completed").click()
    wait_for(lambda: len(names(page)) == 2)
    page.go_back()
    wait_for(lambda: names(page) == ["Backup of db-1"])
    page.get_by_test_id("search").fill("deploy")
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing matches")
    page.reload()
    expect(page.get_by_test_id("page-state")).to_contain_text("Nothing matches")
    expect(page.get_by_test_id("search")).to_have_value("deploy")
    expect(page.get_by_test_id("jobs-status")).to_have_text("")
    page.get_by_test_id("state-action").click()
    wait_for(lambda: len(names(page)) == 3)


def test_ten_thousand_jobs(page: Page, server: Server) -> None:
    """The newest are there at once, older ones come as one scrolls, and the page never has more than some dozens."""
    server.python(MANY)
    open_jobs(page, server.url)
    wait_for(lambda: names(page)[:2] == ["Job 0", "Job 1"])
    scroller = page.get_by_test_id("jobs-list")

    def to_the_end() -> bool:
        scroller.evaluate("list => { list.scrollTop = list.scrollHeight; }")
        assert page.get_by_test_id("job").count() < 60
        return "Job 600" in names(page) or int(names(page)[-1].split()[1]) > 600

    wait_for(to_the_end, 30)

    def in_order() -> bool:
        shown = [int(name.split()[1]) for name in names(page)]
        return bool(shown) and shown == sorted(shown)

    wait_for(in_order)


def test_a_job_is_cancelled(page: Page, server: Server) -> None:
    """It is asked whether; with a reason, or not after all."""
    create(server, "Long one")
    open_jobs(page, server.url)
    row(page, "Long one").get_by_test_id("job-cancel").click()
    dialog = page.get_by_test_id("cancel-job")
    expect(dialog).to_contain_text("Long one")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    row(page, "Long one").get_by_test_id("job-cancel").click()
    page.get_by_test_id("cancel-job-reason").fill("The window is over.")
    page.get_by_test_id("cancel-job-confirm").click()
    expect(dialog).to_be_hidden()
    expect(row(page, "Long one").get_by_test_id("state-chip")).to_have_text("Cancelled")
    expect(row(page, "Long one").get_by_test_id("job-cancel")).to_be_hidden()


def test_who_may_not_cancel_is_not_offered_it(page: Page, start_server: StartServer) -> None:
    """A reader sees the jobs, and no way to end one."""
    server = start_server(AUTH_ENABLED="true")
    server.python(
        "from django.contrib.auth.models import Group, User; from aether.jobs import actions;"
        f"User.objects.create_user('ada', password='{PASSWORD}').groups.add(Group.objects.get(name='Reader'));"
        "actions.create('Long one', status='running')"
    )
    log_in(page, f"{server.url}/jobs", "ada", PASSWORD)
    expect(row(page, "Long one")).to_be_visible()
    expect(page.get_by_test_id("job-cancel").first).to_be_hidden()
    expect(page.get_by_test_id("cancel-job")).to_have_count(0)


def test_without_a_connection(page: Page, proxy: Proxy, server: Server) -> None:
    """Jobs come over REST where nothing else gets through; an error offers to try again, and that works."""
    create(server, "There")
    proxy.block(WEBSOCKET, STREAM, POLL)
    page.route("**/api/v1/jobs?*", lambda route: route.abort())
    page.goto(f"{proxy.url}/jobs")
    state = page.get_by_test_id("page-state")
    expect(state).to_contain_text("Nothing could be loaded", timeout=30_000)
    page.unroute("**/api/v1/jobs?*")
    page.get_by_test_id("state-action").click()
    expect(row(page, "There")).to_be_visible()
    expect(page.get_by_test_id("stale-words")).to_be_visible()


def test_what_changed_meanwhile_is_marked(page: Page, server: Server) -> None:
    """What came or changed while the person was elsewhere is marked when they come back, once."""
    first = create(server, "First")
    open_jobs(page, server.url)
    expect(row(page, "First")).to_be_visible()
    page.goto(f"{server.url}/inventory")
    change(server, first, progress=50)
    create(server, "Second")
    open_jobs(page, server.url)
    expect(row(page, "First").get_by_test_id("changed-mark")).to_have_text("Changed")
    expect(row(page, "Second").get_by_test_id("changed-mark")).to_have_text("New")
    create(server, "Third")
    expect(row(page, "Third")).to_be_visible()
    expect(row(page, "Third").get_by_test_id("changed-mark")).to_have_count(0)
    page.reload()
    expect(row(page, "Third")).to_be_visible()
    expect(page.get_by_test_id("changed-mark")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 320])
def test_the_jobs_page_fits_a_phone(page: Page, server: Server, width: int) -> None:
    """It does not scroll sideways, and what one needs is in a row."""
    page.set_viewport_size(ViewportSize(width=width, height=780))
    create(server, "A job with a name that is rather long, as names of jobs are", target_host="hv-1.example")
    open_jobs(page, server.url)
    first = page.get_by_test_id("job").first
    for part in ("job-name", "state-chip", "progress", "job-elapsed", "job-host", "job-cancel"):
        expect(first.get_by_test_id(part)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
