"""Text that wants to be markup, in every place that shows a text: it is read, and nothing of it happens."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.dashboard import Dashboard, log_in, post
from tests.conftest import StartServer
from tests.support.servers import Server

PASSWORD = "quite-a-secret-1"
HOSTILE = (
    """</script></title><img src=x onerror="window.ran=1"><svg onload='window.ran=1'><script>window.ran=1</script>"""
    """"'><a href="javascript:window.ran=1">go</a>{{ 7|add:7 }}${7*7}&lt;b&gt;"""
)
ACCOUNT = f"""
from django.contrib.auth.models import Group, User
user = User(username={HOSTILE[:150]!r}, is_staff=True, is_superuser=True)
user.set_password({PASSWORD!r})
user.save()
Group.objects.create(name={HOSTILE[:150]!r})
"""
PLANTED = "img[src=x], svg[onload], [onerror], a[href^='javascript' i], a[href^='data' i]"


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """A tab in which nothing may run, ask, or be refused by the policy: nothing of a text may get so far."""
    complaints: list[str] = []
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    assert complaints == []


def stays_text(page: Page, place: Locator, text: str = HOSTILE) -> None:
    """See *text* as it was written in *place*, and no element made of it anywhere on the page."""
    expect(place.first).to_contain_text(text, use_inner_text=False)
    assert page.locator(PLANTED).count() == 0
    assert page.evaluate("window.ran") is None


def test_nothing_runs_on_the_dashboard(watched: Page, server: Server) -> None:
    """Title, message and related entity stay text in the feed, the panel and the toast, and in what names buttons."""
    dashboard = Dashboard(watched, server.url).open()
    post(server, HOSTILE[:200], message=HOSTILE, related_entity=HOSTILE[:200], level="error", metadata={"a": HOSTILE})
    toast = watched.get_by_test_id("toast")
    stays_text(watched, toast, HOSTILE[:200])
    stays_text(watched, toast, HOSTILE)
    for place in (watched.get_by_test_id("activity"), dashboard.open_panel()):
        note = place.get_by_test_id("notification")
        stays_text(watched, note.get_by_test_id("notification-title"), HOSTILE[:200])
        stays_text(watched, note.get_by_test_id("notification-message"))
        stays_text(watched, note.locator(".note-origin"), HOSTILE[:200])
    watched.reload()
    dashboard.expect_state("Connected")
    stays_text(watched, watched.get_by_test_id("activity").get_by_test_id("notification-message"))


def test_addresses_are_links_and_nothing_else_is(watched: Page, server: Server) -> None:
    """Of a message's addresses http and https lead there, in a tab that knows nothing of this one."""
    Dashboard(watched, server.url).open()
    said = f"See {server.url}/healthz, javascript:window.ran=1 or data:text/html,<script>window.ran=1</script>."
    post(server, "https://example.org/in-a-title", message=said, level="warning")
    for place in (watched.get_by_test_id("toast"), watched.get_by_test_id("activity")):
        stays_text(watched, place, said)
        links = place.get_by_role("link")
        expect(links).to_have_count(1)
        expect(links).to_have_attribute("href", f"{server.url}/healthz")
        expect(links).to_have_attribute("rel", "noopener noreferrer")
    with watched.expect_popup() as opened:
        watched.get_by_test_id("activity").get_by_role("link").click()
    assert opened.value.evaluate("window.opener") is None
    assert opened.value.evaluate("document.referrer") == ""
    opened.value.close()


def test_nothing_runs_of_what_is_sensitive(watched: Page, start_server: StartServer) -> None:
    """What a sensitive notification says stays text where it is shown, its metadata included."""
    from realtime import keys

    server = start_server(AUTH_ENABLED="false", ENCRYPTION_KEYS=keys.generate())
    post(server, HOSTILE[:200], message=HOSTILE, metadata={HOSTILE[:60]: HOSTILE}, sensitive=True)
    Dashboard(watched, server.url).open()
    note = watched.get_by_test_id("activity").get_by_test_id("notification")
    note.get_by_test_id("show-secret").click()
    secret = note.get_by_test_id("secret")
    for text in (HOSTILE[:200], HOSTILE, HOSTILE[:60]):
        stays_text(watched, secret, text)


def test_nothing_runs_in_the_admin_or_of_a_name(watched: Page, start_server: StartServer) -> None:
    """A name, a user group and a notification stay text in the header, the admin's lists, forms and history."""
    server = start_server(AUTH_ENABLED="true")
    server.python(ACCOUNT)
    name = HOSTILE[:150]
    dashboard = log_in(watched, server.url, name, PASSWORD)
    dashboard.expect_state("Connected")
    stays_text(watched, watched.locator("header").first, name)
    server.manage("notify", HOSTILE[:200], HOSTILE, "--group", name)
    admin = f"{server.url}/admin/notifications/notification/"
    watched.goto(admin)
    row = watched.locator("#result_list")
    stays_text(watched, row, HOSTILE[:200])
    stays_text(watched, row, name)
    watched.locator("#result_list tbody th a").first.click()
    expect(watched.locator("#id_message")).to_have_value(HOSTILE)
    stays_text(watched, watched.get_by_test_id("preview-row").get_by_test_id("notification-title"), HOSTILE[:200])
    watched.locator("#id_related_entity").fill(HOSTILE[:200])
    watched.get_by_role("button", name="Save", exact=True).click()
    stays_text(watched, watched.locator("li > div").filter(has_text="successfully"), HOSTILE[:200])
    for path in ("auth/user/", "auth/group/", ""):
        watched.goto(f"{server.url}/admin/{path}")
        stays_text(watched, watched.locator("body"), name)
