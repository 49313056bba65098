"""The pages of one VM and of one host: what is known, live, what was told of it, and what was done with it."""

import re

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.dashboard import post
from tests.browser.place import change, delete, report, report_all
from tests.browser.test_content_security import complaints  # noqa: F401  (a fixture)
from tests.support.servers import Server

WEB = {
    "state": "Running", "cpu_cores": 4, "memory_gb": 16, "ip_address": "10.0.0.1",
    "ip_addresses": ["10.0.0.1", "fe80::1"],
    "os_family": "linux", "os_name": "Debian 12", "generation": 2, "notes": "Ask dana\nbefore <b>restarting</b> it.",
    "disks": [{"path": "C:\\VMs\\web.vhdx", "size_gb": 200}],
    "networks": [{"name": "dmz", "mac_address": "00-15-5D-01"}],
}  # fmt: skip


def open_page(page: Page, server: Server, path: str) -> None:
    """Open a page of the inventory and wait until it is connected."""
    page.goto(f"{server.url}/inventory/{path}")
    expect(page.get_by_test_id("bell")).to_have_attribute("data-state", "connected", timeout=30_000)


def job(server: Server, name: str, **fields: object) -> str:
    """Create a job that runs, over REST; return its id."""
    with server.client() as client:
        answer = client.post("/api/v1/jobs", json={"name": name, "status": "running", **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["job_id"])


@pytest.fixture
def vm(page: Page, server: Server) -> Page:
    """The page of a VM of which everything is known."""
    report(server, "hyperv-01", {"web-01": WEB})
    open_page(page, server, "vms/id-web-01")
    expect(page.get_by_test_id("page-title")).to_have_text("web-01")
    return page


def test_without_jobs(page: Page, server: Server) -> None:
    """That nothing was done is said, also where the VM changed while its jobs were asked for."""
    report(server, "hyperv-01", {"web-01": WEB})
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/v1/jobs?target_host=*", hold)
    open_page(page, server, "vms/id-web-01")
    change(server, "vms/id-web-01", notes="Moved.")
    expect(page.get_by_test_id("vm-notes")).to_have_text("Moved.")
    for route in held:
        route.continue_()
    expect(page.locator("#jobs-state")).to_contain_text("No jobs")


def test_all_that_is_known_of_a_vm(vm: Page, complaints: list[str]) -> None:  # noqa: F811
    """Every field is there, in words; what a producer wrote is text; times say the whole time when asked."""
    expect(vm.get_by_test_id("object-state")).to_have_text("Running")
    about = vm.get_by_test_id("about")
    for words in ("10.0.0.1", "fe80::1", "id-web-01", "Debian 12", "linux", "4 cores", "16 GB"):
        expect(about.get_by_text(words, exact=True)).to_be_visible()
    expect(vm.get_by_test_id("disks")).to_contain_text("C:\\VMs\\web.vhdx")
    expect(vm.get_by_test_id("disks")).to_contain_text("200 GB")
    expect(vm.get_by_test_id("networks")).to_contain_text("00-15-5D-01")
    expect(vm.get_by_test_id("vm-notes")).to_contain_text("before <b>restarting</b> it.")
    assert re.search(r"\d{4}.*\d:\d\d", vm.get_by_test_id("fields").locator("time").first.get_attribute("title") or "")
    expect(vm).to_have_title(re.compile("^web-01 · Inventory"))
    expect(vm.get_by_role("link", name="production")).to_have_attribute("href", "/inventory?cluster=production")
    expect(vm.get_by_test_id("fields").get_by_role("link", name="hyperv-01")).to_be_visible()
    assert complaints == []


def test_a_vm_changes_in_place(vm: Page, server: Server) -> None:
    """Its state, its name and the host that it moves to are right at once, and so is whether that host is there."""
    report(server, "hyperv-01", {"web-01": {**WEB, "state": "Off"}})
    expect(vm.get_by_test_id("object-state")).to_have_text("Off")
    report(server, "hyperv-02", {"web-01": {**WEB, "notes": "Moved."}}, "edge")
    expect(vm.get_by_test_id("fields").get_by_role("link", name="hyperv-02")).to_be_visible()
    expect(vm.get_by_test_id("vm-notes")).to_have_text("Moved.")
    expect(vm.get_by_role("link", name="edge")).to_be_visible()
    change(server, "hosts/hyperv-02", connected=False)
    expect(vm.get_by_test_id("doubt")).to_be_visible()
    change(server, "hosts/hyperv-02", connected=True)
    expect(vm.get_by_test_id("doubt")).to_be_hidden()


def test_a_vm_that_is_deleted_meanwhile(vm: Page, server: Server) -> None:
    """It says so and keeps what was last known; should it come back, it is there again."""
    delete(server, "vms/id-web-01")
    expect(vm.get_by_test_id("page-state")).to_contain_text("This VM is gone")
    expect(vm.get_by_test_id("about").get_by_text("Debian 12")).to_be_visible()
    expect(vm.get_by_test_id("object-state")).to_be_hidden()
    report(server, "hyperv-01", {"web-01": WEB})
    expect(vm.get_by_test_id("object-state")).to_have_text("Running")
    expect(vm.get_by_test_id("page-state")).to_be_hidden()


@pytest.mark.parametrize(("path", "what"), [("vms/nobody", "VM"), ("hosts/nobody", "host"), ("vms/%20%22", "VM")])
def test_what_is_not_there(page: Page, server: Server, path: str, what: str) -> None:
    """A page says that there is no such thing, and can be asked again."""
    open_page(page, server, path)
    expect(page.get_by_test_id("page-state")).to_contain_text(f"There is no such {what}")
    expect(page.get_by_test_id("state-action")).to_have_text("Look again")
    expect(page.get_by_test_id("about")).to_be_hidden()


def test_what_was_told_of_a_vm(page: Page, server: Server) -> None:
    """Its notifications are there, by its name and its id, those of others are not; new ones come, deleted ones go."""
    post(server, "By name", related_entity="web-01")
    post(server, "Of another", related_entity="web-011")
    report(server, "hyperv-01", {"web-01": WEB})
    open_page(page, server, "vms/id-web-01")
    titles = page.get_by_test_id("notes").get_by_test_id("notification-title")
    expect(titles).to_have_text([re.compile("By name")])
    by_id = post(server, "By id", related_entity="id-web-01")
    expect(titles).to_have_text([re.compile("By id"), re.compile("By name")])
    with server.client() as client:
        client.delete(f"/api/v1/notifications/{by_id}").raise_for_status()
    expect(titles).to_have_text([re.compile("By name")])
    page.get_by_test_id("notes").get_by_test_id("toggle-read").click(force=True)
    expect(page.get_by_test_id("notes").get_by_test_id("notification")).to_have_attribute("data-read", "true")


def test_older_notifications_than_the_inbox_holds(page: Page, server: Server) -> None:
    """What was told of it long ago is found, though the inbox has only newer ones."""
    report(server, "hyperv-01", {"web-01": WEB})
    server.python(
        "from notifications import actions; actions.create('Long ago', related_entity='web-01'); "
        "actions.create_many([{'title': f'Later {n}'} for n in range(150)])"
    )
    open_page(page, server, "vms/id-web-01")
    expect(page.get_by_test_id("notes").get_by_test_id("notification-title")).to_have_text([re.compile("Long ago")])


def test_what_was_done_with_a_vm(page: Page, server: Server) -> None:
    """Jobs whose parameters name it are there, with their state, live; those of its neighbours are not."""
    report(server, "hyperv-01", {"web-01": WEB, "web-02": {}})
    backup = job(server, "Back up web-01", target_host="hyperv-01", parameters={"vm": "web-01"})
    job(server, "Back up web-02", target_host="hyperv-01", parameters={"vm_id": "id-web-02"})
    open_page(page, server, "vms/id-web-01")
    row = page.get_by_test_id("job-row")
    expect(row).to_have_count(1)
    expect(row.get_by_role("link")).to_have_attribute("href", f"/jobs/{backup}")
    expect(row.get_by_test_id("state-chip")).to_have_text("Running")
    with server.client() as client:
        client.patch(
            f"/api/v1/jobs/{backup}", json={"status": "failed", "error": "The disk is full."}
        ).raise_for_status()
    expect(row.get_by_test_id("state-chip")).to_have_text("Failed")
    expect(row).to_contain_text("The disk is full.")


def test_a_host_and_its_vms(page: Page, server: Server) -> None:
    """A host has its VMs, its jobs and its notifications; losing it is said, with the reason; deleting it too."""
    report_all(server)
    post(server, "About it", related_entity="hyperv-01")
    job(server, "Patch it", target_host="hyperv-01")
    open_page(page, server, "hosts/hyperv-01")
    expect(page.get_by_test_id("object-state")).to_have_text("Connected")
    names = page.get_by_test_id("tree").locator(".tree-link:not([hidden])")
    expect(names).to_have_text(["web-01", "web-02"])
    expect(page.get_by_test_id("found")).to_have_text("1 of 2 running")
    expect(page.get_by_test_id("notes")).to_contain_text("About it")
    expect(page.get_by_test_id("jobs")).to_contain_text("Patch it")
    change(server, "vms/id-web-02", state="Running")
    expect(page.get_by_test_id("found")).to_have_text("2 of 2 running")
    change(server, "hosts/hyperv-01", connected=False, error="No route to host.")
    expect(page.get_by_test_id("object-state")).to_have_text("Disconnected")
    expect(page.get_by_test_id("doubt")).to_contain_text("No route to host.")
    delete(server, "hosts/hyperv-01")
    expect(page.get_by_test_id("page-state")).to_contain_text("This host is gone")
    expect(page.get_by_test_id("fields")).to_contain_text("production")


def test_a_link_leads_from_the_tree_and_back(page: Page, server: Server) -> None:
    """The name of a VM in the tree leads to its page, and the page leads to its host and to the inventory."""
    report_all(server)
    page.goto(f"{server.url}/inventory")
    page.get_by_role("link", name="web-01", exact=True).click()
    expect(page).to_have_url(f"{server.url}/inventory/vms/id-web-01")
    page.get_by_test_id("fields").get_by_role("link", name="hyperv-01").click()
    expect(page).to_have_url(f"{server.url}/inventory/hosts/hyperv-01")
    page.locator(".crumbs").get_by_role("link", name="Inventory").click()
    expect(page).to_have_url(f"{server.url}/inventory")


@pytest.mark.parametrize("path", ["vms/id-web-01", "hosts/hyperv-01"])
def test_they_fit_a_phone(page: Page, server: Server, path: str) -> None:
    """Long names and paths do not make the page wider than a phone."""
    long = {**WEB, "disks": [{"path": "C:\\" + "very-long-" * 20, "size_gb": 1}], "notes": "x" * 500}
    report(server, "hyperv-01", {"web-01": long})
    page.set_viewport_size(ViewportSize(width=390, height=844))
    open_page(page, server, path)
    expect(page.get_by_test_id("about")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
