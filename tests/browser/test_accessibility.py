"""Every page in every state, as axe sees it, in light and dark, wide and narrow; and what is announced, and moves."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.axe import violations
from tests.browser.dashboard import Dashboard, log_in, post
from tests.browser.place import report_all
from tests.browser.proxy import POLL, STREAM, WEBSOCKET, Proxy
from tests.browser.test_job_view import append
from tests.browser.test_jobs_page import change, create
from tests.browser.test_pages import expect_connected
from tests.conftest import StartServer
from tests.support.servers import Server

pytestmark = pytest.mark.timeout(300)
"""Axe reads whole pages, four times each."""
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
LEVELS = ("info", "success", "warning", "error")
PASSWORD = "quite-a-secret-1"
JOB_STATES = ("pending", "running", "completed", "failed")


class Scene(NamedTuple):
    """A page in a state: where it is, and what a person does on it first."""

    path: str
    act: Callable[[Page], object] = lambda page: None


def open_panel(page: Page) -> None:
    """Open the panel of notifications."""
    page.get_by_test_id("bell").click()
    expect(page.get_by_test_id("panel")).to_be_visible()


def open_menu(page: Page) -> None:
    """Open the person's menu."""
    page.get_by_test_id("menu-button").click()
    expect(page.get_by_test_id("menu")).to_be_visible()


def open_compose(page: Page) -> None:
    """Open the dialog that sends a notification."""
    page.get_by_test_id("compose-open").click()
    expect(page.get_by_test_id("compose")).to_be_visible()


def show_toasts(page: Page) -> None:
    """Have one toast of each kind that stays, and one that does not."""
    for level in ("info", "warning", "error"):
        page.evaluate(
            """(level) => fetch("/api/v1/notifications", {
                method: "POST",
                headers: { "Content-Type": "application/json",
                    "X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)[1] },
                body: JSON.stringify({ title: `Toast of ${level}`, message: "See https://example.org/", level }),
            }).then((answer) => { if (!answer.ok) throw new Error(answer.status); })""",
            level,
        )
    expect(page.get_by_test_id("toast")).to_have_count(3)


def select_all(page: Page) -> None:
    """Select what the inbox lists, so that it offers what can be done with all of it."""
    page.get_by_test_id("select-all").check()
    expect(page.get_by_test_id("bulk")).to_be_visible()


def open_item(page: Page) -> None:
    """Open the first notification of the inbox."""
    page.get_by_test_id("item-title").first.click()
    expect(page.locator("[aria-expanded=true]").first).to_be_visible()


def open_shortcuts(page: Page) -> None:
    """Open the dialog of keyboard shortcuts."""
    page.get_by_test_id("shortcuts-open").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def open_snooze(page: Page) -> None:
    """Open the dialog that asks until when."""
    row = page.get_by_test_id("inbox-item").first
    row.hover()
    row.get_by_test_id("item-snooze").click()
    expect(page.get_by_role("dialog")).to_be_visible()


FILLED = {
    "overview": Scene("/"),
    "overview, unread only": Scene("/?show=unread"),
    "panel": Scene("/", open_panel),
    "menu": Scene("/", open_menu),
    "compose": Scene("/", open_compose),
    "toasts": Scene("/", show_toasts),
    "inbox": Scene("/notifications"),
    "inbox, archived": Scene("/notifications?tab=archived"),
    "inbox, nothing found": Scene("/notifications?q=nosuchthing"),
    "inbox, selected": Scene("/notifications", select_all),
    "inbox, opened": Scene("/notifications", open_item),
    "inbox, shortcuts": Scene("/notifications", open_shortcuts),
    "inbox, snooze": Scene("/notifications", open_snooze),
    "inventory": Scene("/inventory"),
    "host": Scene("/inventory/hosts/hyperv-01"),
    "vm": Scene("/inventory/vms/id-web-01"),
    "no such host": Scene("/inventory/hosts/nowhere"),
    "jobs": Scene("/jobs"),
    "job": Scene("/jobs/{job}"),
    "no such job": Scene("/jobs/2bd21555-bec0-499b-86a1-9e153ad4f9a7"),
}
"""Pages with something on them. One more page is one more line."""
EMPTY = ["/", "/notifications", "/inventory", "/jobs"]


class Place(NamedTuple):
    """A server with something on every page."""

    server: Server
    job: str


@pytest.fixture(scope="module")
def place(module_server: Server) -> Iterator[Place]:
    """One server for all the pages that have something on them."""
    report_all(module_server)
    for level in LEVELS:
        post(module_server, f"Something of {level}", message="See https://example.org/ for more.", level=level)
    with module_server.client() as client:
        client.post("/api/v1/notifications", json={"title": "A secret", "message": "s", "sensitive": True})
        client.put(f"/api/v1/notifications/{post(module_server, 'Read already')}/read").raise_for_status()
    jobs = {state: create(module_server, f"A job that is {state}", target_host="hyperv-01") for state in JOB_STATES}
    change(module_server, jobs["running"], progress=40)
    for state in ("completed", "failed"):
        change(module_server, jobs[state], status=state)
    append(module_server, jobs["running"], ["\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[0m", "STDERR: wrong", "plain"])
    return Place(module_server, jobs["running"])


def expect_clean(page: Page) -> None:
    """See that axe finds nothing, in whatever look the page is seen."""
    found = {}
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size(ViewportSize(width=width, height=800))
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if wrong := violations(page):
            found[f"{scheme}, {width} px"] = wrong
    assert not found, "\n".join(f"{look}:\n  " + "\n  ".join(wrong) for look, wrong in found.items())


@pytest.mark.parametrize("name", FILLED)
def test_a_page_is_clean(page: Page, place: Place, name: str) -> None:
    """With something on it, and with what can be opened open."""
    scene = FILLED[name]
    page.emulate_media(reduced_motion="reduce")
    page.goto(place.server.url + scene.path.format(job=place.job))
    expect_connected(page)
    page.wait_for_load_state("networkidle")
    scene.act(page)
    expect_clean(page)


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_page_is_clean(page: Page, server: Server, path: str) -> None:
    """Where there is nothing yet."""
    page.goto(server.url + path)
    expect_connected(page)
    expect_clean(page)


@pytest.mark.parametrize("path", EMPTY)
def test_a_page_without_a_connection_is_clean(behind: Dashboard, proxy: Proxy, path: str) -> None:
    """Where it says that it is stale, and while there was nothing to load."""
    page = behind.page
    proxy.block(WEBSOCKET, STREAM, POLL)
    page.goto(proxy.url + path)
    expect(page.get_by_test_id("bell")).to_have_attribute("data-state", "reconnecting")
    expect_clean(page)


def test_signing_in_is_clean(page: Page, start_server: StartServer) -> None:
    """The login page, also after a wrong password; and the refusals of pages that are not there, or not for one."""
    server = start_server(AUTH_ENABLED="true")
    server.python(
        f"from django.contrib.auth.models import User; User.objects.create_user('ada', password='{PASSWORD}')"
    )
    page.goto(server.url)
    expect_clean(page)
    log_in(page, server.url, "ada", "wrong")
    expect(page.locator("[name=password]")).to_be_visible()
    expect_clean(page)
    log_in(page, server.url, "ada", PASSWORD)
    expect_connected(page)
    expect_clean(page)
    for path, status in (("/nowhere", 404), ("/admin/", None)):
        answer = page.goto(server.url + path)
        assert answer is not None
        assert status in (None, answer.status)
        expect_clean(page)


def test_the_api_documentation_is_clean(page: Page, place: Place) -> None:
    """As far as it is Aether's own: what Swagger UI makes of it is not."""
    page.goto(f"{place.server.url}/api/docs")
    page.get_by_role("heading", name="Aether API").wait_for()
    assert page.title()
    assert page.locator("html").get_attribute("lang") == "en"


def storm(server: Server, first: int, count: int) -> None:
    """Create so many notifications, each by itself in one process, as a storm comes."""
    create = f"[actions.create(f'n{{i}}', 'm', level='info') for i in range({first}, {first + count})]"
    server.python(f"from notifications import actions; {create}")


COUNT_ANNOUNCEMENTS = """
    window.announced = [];
    const regions = "[role=status], [role=alert], [aria-live]:not([aria-live=off])";
    const spoken = (node) => node.nodeType === 1 ? node : node.parentElement;
    new MutationObserver((records) => {
        const changed = new Set();
        for (const { target, addedNodes, type } of records) {
            if (type === "childList" && addedNodes.length === 0) continue;
            for (const node of [target, ...addedNodes]) {
                const element = spoken(node);
                const region = element?.closest(regions);
                if (region && !region.closest("[hidden]")) changed.add(region);
            }
        }
        for (const region of changed) window.announced.push(region.textContent);
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
"""
"""Notes what every live region comes to say, as a screen reader would be told."""


def test_a_storm_is_announced_in_a_few_sentences(page: Page, server: Server) -> None:
    """Of three hundred notifications a screen reader is told a few times how many there are, and not each of them."""
    dashboard = Dashboard(page, server.url).open()
    page.evaluate(COUNT_ANNOUNCEMENTS)
    storm(server, 0, 300)
    expect(page.get_by_test_id("bell-count")).to_have_text("99+", timeout=60_000)
    dashboard.expect_note("n299")
    expect(page.get_by_test_id("toasts")).to_contain_text("new notifications")
    page.wait_for_timeout(1_500)  # Longer than what comes is put together for.
    announced = page.evaluate("window.announced")
    assert any("new notifications" in text for text in announced), announced
    assert len(announced) <= 10, announced


def test_a_storm_is_announced_with_the_panel_open(page: Page, server: Server) -> None:
    """The same where the panel takes the place of the toasts."""
    Dashboard(page, server.url).open().open_panel()
    page.evaluate(COUNT_ANNOUNCEMENTS)
    storm(server, 0, 300)
    expect(page.get_by_test_id("panel-list").get_by_text("n299", exact=True)).to_be_visible(timeout=60_000)
    page.wait_for_timeout(1_500)  # Longer than what comes is put together for.
    announced = page.evaluate("window.announced")
    assert announced
    assert len(announced) <= 10, announced


@pytest.mark.parametrize("name", FILLED)
def test_nothing_moves_for_who_wants_stillness(page: Page, place: Place, name: str) -> None:
    """With reduced motion no animation and no transition runs, whatever is opened and comes in."""
    scene = FILLED[name]
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script("""
        window.moved = new Set();
        const note = () => {
            for (const one of document.getAnimations()) window.moved.add(one.animationName ?? one.transitionProperty);
            requestAnimationFrame(note);
        };
        requestAnimationFrame(note);
    """)
    page.goto(place.server.url + scene.path.format(job=place.job))
    expect_connected(page)
    scene.act(page)
    post(place.server, f"Comes in on {name}", level="info")
    expect(page.get_by_test_id("toast").or_(page.get_by_test_id("announcer")).first).to_be_attached()
    assert page.evaluate("[...window.moved]") == []
    assert page.evaluate("document.getAnimations().length") == 0
