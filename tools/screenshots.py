"""`make screenshots`: pictures of the dashboard, of a real server with the dummy data, for the docs.

They show it light and dark, with a notification that has just arrived, with the panel open, and on a phone; a job; and
the inbox, with one notification open, with some selected, and on a phone.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.browsers import launch_options
from tests.support.servers import ROOT, Server, environment, manage

IMAGES: Final = ROOT / "docs" / "images"
DEVELOPMENT: Final = {"AUTH_ENABLED": "false", "DUMMY_DATA": "true", "ENVIRONMENT_NAME": "Imaginary Datacenter"}
ARRIVAL: Final = {
    "title": "Backup finished",
    "message": "42 GB in 3 minutes.",
    "level": "success",
    "category": "job",
    "related_entity": "db-server-01",
}
JOB: Final = {
    "name": "Roll out release 4.2",
    "job_type": "deploy",
    "status": "running",
    "target_host": "hyperv-01.imaginary.example",
    "parameters": {"release": "4.2.0", "dry_run": False},
}
PARTS: Final = (("web-01", 100), ("web-02", 62), ("web-03", 5))
OUTPUT: Final = (
    "\x1b[1mRelease 4.2.0\x1b[0m to \x1b[36mproduction\x1b[0m",
    "Copying the image  10 %\rCopying the image 100 %",
    "\x1b[33m!\x1b[0m the certificate of web-02 ends in 9 days",
    "STDERR: web-02: connection reset, trying again",
    *(
        f"\x1b[2m09:30:{n:02}\x1b[0m \x1b[32mok\x1b[0m   \x1b[34mweb-{n % 3 + 1:02}\x1b[0m step {n} done"
        for n in range(1, 40)
    ),
    "\x1b[41;97m FAIL \x1b[0m \x1b[34mweb-03\x1b[0m answers \x1b[4m503\x1b[0m, once more",
    "\x1b[42;30m PASS \x1b[0m \x1b[34mweb-03\x1b[0m answers \x1b[38;5;79m200\x1b[0m in 12 ms",
)
INBOX: Final[tuple[dict[str, object], ...]] = (
    {"title": "Certificate of web-02 ends soon", "level": "warning", "category": "host", "related_entity": "web-02"},
    {"title": "Nightly backup finished", "message": "42 GB in 3 minutes.", "level": "success", "category": "job"},
    {"title": "Release 4.2 is out", "message": "The notes say what has changed.", "level": "info"},
    {
        "title": "Disk of db-server-01 is 91 % full",
        "message": "At this rate it is full on Thursday.\nThe largest directory is /var/lib/postgresql/17/main/base.",
        "level": "error", "category": "host", "related_entity": "db-server-01",
        "metadata": {"used": "91 %", "free": "36 GB", "device": "/dev/sda2"},
    },
    {"title": "db-server-02 was moved to hyperv-03", "category": "vm", "related_entity": "db-server-02"},
    {"title": "Deploy of web-03 was slow", "message": "12 minutes, not 4.", "level": "warning", "category": "job"},
)  # fmt: skip
"""What comes to the inbox before its pictures are taken, oldest first."""
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
DESK: Final = (1280, 800)
PHONE: Final = (390, 844)


def main() -> None:
    """Take every picture."""
    IMAGES.mkdir(exist_ok=True)
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        for scheme in SCHEMES:
            with page_of(browser, server, scheme, DESK) as page:
                shoot(page, f"panel-{scheme}", panel=True)
            with page_of(browser, server, scheme, DESK) as page:
                page.goto(f"{server.url}/inventory")
                expect(page.get_by_role("row").nth(8)).to_be_visible()
                shoot(page, f"inventory-{scheme}")
            with page_of(browser, server, scheme, PHONE) as page:
                shoot(page, f"phone-{scheme}", panel=True)
        for scheme in SCHEMES:
            with page_of(browser, server, scheme, DESK) as page:
                arrive(page, server)
                shoot(page, f"dashboard-{scheme}")
        job_id = run(server)
        for scheme in SCHEMES:
            with page_of(browser, server, scheme, DESK) as page:
                page.goto(f"{server.url}/jobs/{job_id}")
                expect(page.get_by_test_id("line").last).to_be_visible()
                expect(page.get_by_test_id("job-part")).to_have_count(len(PARTS))
                shoot(page, f"job-{scheme}")
        receive(server)
        for scheme in SCHEMES:
            with page_of(browser, server, scheme, DESK) as page:
                page.goto(f"{server.url}/notifications")
                page.get_by_test_id("inbox-item").nth(2).get_by_test_id("item-title").click()
                shoot(page, f"inbox-{scheme}")
            with page_of(browser, server, scheme, DESK) as page:
                page.goto(f"{server.url}/notifications?level=warning&level=error")
                for number in range(3):
                    page.get_by_test_id("inbox-item").nth(number).get_by_test_id("item-check").check()
                shoot(page, f"inbox-selected-{scheme}")
            with page_of(browser, server, scheme, PHONE) as page:
                page.goto(f"{server.url}/notifications")
                expect(page.get_by_test_id("inbox-item").nth(4)).to_be_visible()
                shoot(page, f"inbox-phone-{scheme}")
        browser.close()


@contextmanager
def serving() -> Iterator[Server]:
    """Give a server with the dummy data, on a free port."""
    with tempfile.TemporaryDirectory(prefix="aether-screenshots-") as name:
        template = Path(name) / "template.sqlite3"
        manage("prepare", env=environment(**DEVELOPMENT, DATABASE_URL=f"sqlite:///{template}"))
        server = Server(Path(name) / "server", template, **DEVELOPMENT).start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def page_of(browser: Browser, server: Server, scheme: Scheme, size: tuple[int, int]) -> Iterator[Page]:
    """Give the dashboard, connected, in a window of *size*."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        device_scale_factor=1.5,
        reduced_motion="reduce",
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_test_id("connection-state")).to_have_text("Connected")
    yield page
    context.close()


def arrive(page: Page, server: Server) -> None:
    """Let a notification arrive, once over all pictures, and wait until it is shown."""
    with server.client() as client:
        client.post("/api/v1/notifications", json={**ARRIVAL, "dedup_key": "screenshot"}).raise_for_status()
    expect(page.get_by_test_id("toasts")).to_contain_text(str(ARRIVAL["title"]))


def run(server: Server) -> str:
    """Let a job with parts and output run; return its id."""
    with server.client() as client:
        job_id = str(client.post("/api/v1/jobs", json=JOB).raise_for_status().json()["job_id"])
        for name, progress in PARTS:
            part = {"name": f"Deploy {name}", "job_type": "deploy", "status": "running", "parent": job_id}
            part_id = client.post("/api/v1/jobs", json=part).raise_for_status().json()["job_id"]
            done = {"status": "completed"} if progress == 100 else {}
            client.patch(f"/api/v1/jobs/{part_id}", json={"progress": progress, **done}).raise_for_status()
        client.patch(f"/api/v1/jobs/{job_id}", json={"progress": 55}).raise_for_status()
        client.post(f"/api/v1/jobs/{job_id}/output", json={"lines": OUTPUT}).raise_for_status()
    return job_id


def receive(server: Server) -> None:
    """Fill the inbox, with some that are read, saved, snoozed and archived."""
    with server.client() as client:

        def mark(title: str, place: str, **body: str) -> None:
            (found,) = client.get("/api/v1/notifications", params={"q": title}).json()["notifications"]
            client.put(f"/api/v1/notifications/{found['id']}/{place}", json=body).raise_for_status()

        for fields in INBOX:
            client.post("/api/v1/notifications", json=fields).raise_for_status()
        mark("Certificate", "saved")
        mark("Release 4.2", "read")
        mark("db-server-02 was moved", "read")
        mark("Nightly backup", "archived")
        mark("System maintenance", "snoozed", until=(datetime.now(UTC) + timedelta(days=1)).isoformat())


def shoot(page: Page, name: str, *, panel: bool = False) -> None:
    """Write a picture of the page, with the panel open where asked for."""
    if panel:
        page.get_by_test_id("bell").click()
        expect(page.get_by_test_id("panel")).to_be_visible()
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
    print(f"docs/images/{name}.png", flush=True)


if __name__ == "__main__":
    main()
