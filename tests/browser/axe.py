"""axe-core on a page: what it finds wrong, in words that a failed test can show."""

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.support.servers import ROOT

SOURCE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags"""
RUN = """
async ([tags]) => {
    const runOnly = { type: "tag", values: tags };
    const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"] });
    const text = (summary) => summary.replace(/\\s+/g, " ");
    return violations.map(({ id, help, nodes }) => ({
        rule: `${id}: ${help}`,
        where: nodes.map(({ target, failureSummary }) => `${target.join(" ")} | ${text(failureSummary)}`),
    }));
}
"""


@cache
def source() -> str:
    """Return axe's own script."""
    return SOURCE.read_text()


def violations(page: Page) -> list[str]:
    """Run axe on all of *page*, as it is now, and return what it finds.

    The script goes in through the debugger: the page's policy would let no script tag bring it.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    found: list[dict[str, Any]] = page.evaluate(RUN, [TAGS])
    return [f"{one['rule']}\n    " + "\n    ".join(one["where"]) for one in found]
