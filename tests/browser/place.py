"""What the inventory's browser tests have in common: reports over REST, and the tree as a person sees it."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.servers import Server

SMALL: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "hyperv-01": ("production", {
        "web-01": {"state": "Running", "ip_address": "10.0.0.1", "os_name": "Debian 12"},
        "web-02": {"state": "Off"},
    }),
    "hyperv-02": ("production", {"db-01": {"state": "Running", "os_name": "Windows Server 2022"}}),
    "edge-01": ("edge", {"cam-01": {"state": "Paused"}}),
}  # fmt: skip
"""Hostname → its cluster and its VMs; each VM's id is `id-` and its name."""


def report(
    server: Server, hostname: str, vms: dict[str, dict[str, Any]], cluster: str = "production"
) -> dict[str, Any]:
    """Let a host report its VMs over REST; return what that changed."""
    listed = [{"id": f"id-{name}", "name": name, **fields} for name, fields in vms.items()]
    with server.client() as client:
        body = {"hostname": hostname, "cluster": cluster, "vms": listed}
        answer = client.post("/api/v1/inventory/sync", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def report_all(server: Server) -> None:
    """Let every host of `SMALL` report."""
    for hostname, (cluster, vms) in SMALL.items():
        report(server, hostname, vms, cluster)


def change(server: Server, path: str, **fields: Any) -> None:
    """Change one host or VM over REST."""
    with server.client() as client:
        answer = client.patch(f"/api/v1/inventory/{path}", json=fields)
    assert answer.status_code == 200, answer.text


def delete(server: Server, path: str) -> None:
    """Delete one host or VM over REST."""
    with server.client() as client:
        assert client.delete(f"/api/v1/inventory/{path}").status_code == 204


class Inventory:
    """The inventory page in one tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, query: str = "") -> "Inventory":
        """Open the page and wait until it is connected."""
        self.page.goto(f"{self.url}/inventory{query}")
        expect(self.page.get_by_test_id("bell")).to_have_attribute("data-state", "connected", timeout=30_000)
        return self

    @property
    def rows(self) -> Locator:
        """All rows that are on the page."""
        return self.page.get_by_test_id("tree-row")

    def row(self, key: str) -> Locator:
        """Return the row of `vm:<id>`, `host:<id>` or `cluster:<id>`."""
        return self.page.locator(f".tree-row[data-id='{key}']")

    def expect_rows(self, *keys: str) -> None:
        """Wait until exactly these rows are shown, in this order."""
        self.page.wait_for_function(
            """(keys) => {
                const rows = [...document.querySelectorAll("#tree .tree-row:not(.virtual-probe)")];
                return JSON.stringify(rows.map((row) => row.dataset.id)) === JSON.stringify(keys);
            }""",
            arg=list(keys),
        )

    def expect_state(self, key: str, words: str) -> None:
        """Wait until the row of *key* says that it is in a state."""
        expect(self.row(key).get_by_test_id("state-chip")).to_have_text(words)

    @property
    def focused(self) -> str:
        """The key of the row that has the focus."""
        return str(self.page.evaluate("document.activeElement.dataset.id ?? ''"))
