"""The page of one job: what it says, and its output, which is followed, searched, linked to, copied and saved."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.proxy import POLL, STREAM, WEBSOCKET, Proxy
from tests.browser.test_content_security import complaints  # noqa: F401  (a fixture)
from tests.browser.test_jobs_page import change, create
from tests.browser.test_pages import expect_connected
from tests.support.servers import Server
from tests.support.waiting import wait_for

LINES_IN_SIGHT = """
() => {
    const box = document.querySelector("#output").getBoundingClientRect();
    return [...document.querySelectorAll("#output .line")]
        .filter((line) => {
            const { top, bottom } = line.getBoundingClientRect();
            return bottom > box.top + 1 && top < box.bottom - 1;
        })
        .map((line) => [Number(line.dataset.line), line.querySelector(".line-text").textContent]);
}
"""
HOSTILE = [
    "<img src=x onerror=alert(1)><script>alert(2)</script>",
    "\x1b[31mred\x1b[0m \x1b[1;4mbold\x1b[0m \x1b[38;2;1;2;3mtrue\x1b[0m \x1b[38;5;208mindexed",
    "\x1b]0;title\x07\x1b]8;;javascript:alert(3)\x1b\\link\x1b]8;;\x1b\\ \x1b[2J\x1b[10;10Hmoved",
    "\x1b[38;5;1;url(https://evil.example)mstyle\x1b[m \x1b[999999999999999999mnumber",
    "10 %\r50 %\r100 %",
    "STDERR: went wrong",
    "evil\u202egnp.exe",
    "{{ template }} ${expression}",
    "no colour",
]


def append(server: Server, job_id: str, lines: list[str], **fields: Any) -> None:
    """Append lines to a job's output with REST."""
    with server.client() as client:
        answer = client.post(f"/api/v1/jobs/{job_id}/output", json={"lines": lines, **fields})
    assert answer.status_code == 200, answer.text


def printed(server: Server, count: int, name: str = "Long one") -> str:
    """Create a job that has printed so many numbered lines; return its id."""
    job_id = create(server, name)
    for start in range(1, count + 1, 20_000):
        end = min(count, start + 19_999)
        append(server, job_id, [f"line {number} of many" for number in range(start, end + 1)], first_line=start)
    return job_id


def open_job(page: Page, url: str, job_id: str, hash_: str = "") -> None:
    """Open the page of a job and wait until its output is there."""
    page.goto("about:blank")
    page.goto(f"{url}/jobs/{job_id}{hash_}")
    expect_connected(page)
    expect(page.get_by_test_id("line").first).to_be_visible()


def seen(page: Page) -> list[tuple[int, str]]:
    """Return the lines that can be seen, with their numbers, from top to bottom."""
    return [(number, text) for number, text in page.evaluate(LINES_IN_SIGHT)]


def last(page: Page) -> int:
    """Return the number of the last line that can be seen; 0 for none."""
    return max((number for number, _ in seen(page)), default=0)


def scroll(page: Page, top: int) -> None:
    """Scroll the output as a wheel does."""
    page.get_by_test_id("output").hover()
    page.mouse.wheel(0, top)


def test_what_a_job_says_of_itself(page: Page, server: Server) -> None:
    """State, progress, who, where, parameters, parts and the whole, error and exit code; and all of it live."""
    whole = create(server, "Roll out")
    job = create(server, "Deploy", parent=whole, target_host="hv 1/2", parameters={"memory_gb": 8, "<b>": ["x"]})
    part = create(server, "Copy the disk", parent=job)
    page.goto(f"{server.url}/jobs/{job}")
    expect(page.get_by_test_id("page-title")).to_have_text("Deploy")
    expect(page).to_have_title(re.compile("^Deploy · Jobs · "))
    expect(page.get_by_test_id("job-facts")).to_contain_text("operator")
    host = page.get_by_test_id("job-facts").get_by_role("link", name="hv 1/2")
    expect(host).to_have_attribute("href", "/inventory/hosts/hv%201%2F2")
    page.get_by_text("Parameters", exact=True).click()
    expect(page.get_by_test_id("job-parameters")).to_contain_text("memory_gb")
    expect(page.get_by_test_id("job-parameters")).to_contain_text('<b>["x"]')
    expect(page.get_by_test_id("job-parent")).to_have_text("Roll out")
    expect(page.get_by_test_id("job-part")).to_have_text("Copy the disk")
    expect(page.get_by_test_id("output-empty")).to_have_text("Nothing has been printed yet.")
    change(server, part, progress=35)
    parts = page.get_by_test_id("job-parts")
    expect(parts.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "35")
    create(server, "Start it", parent=job)
    expect(page.get_by_test_id("job-part")).to_have_text(["Copy the disk", "Start it"])
    change(server, job, status="failed", error="No space left.", exit_code=28)
    expect(page.get_by_test_id("job-error")).to_have_text("No space left.")
    expect(page.get_by_test_id("job-exit-code")).to_have_text("28")
    expect(page.get_by_test_id("announcer")).to_have_text("Deploy: Failed")
    expect(page.get_by_test_id("job-cancel")).to_be_hidden()
    expect(page.get_by_test_id("output-empty")).to_have_text("Nothing was printed.")


def test_hostile_output_is_text(page: Page, server: Server, complaints: list[str]) -> None:  # noqa: F811
    """Markup is text, sequences colour at most, nothing leads anywhere, and no policy had to stop anything."""
    alerts: list[str] = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    job = create(server, "<b>Hostile</b>")
    append(server, job, HOSTILE)
    open_job(page, server.url, job)
    wait_for(lambda: len(seen(page)) == len(HOSTILE))
    assert [text for _, text in seen(page)] == [
        HOSTILE[0], "red bold true indexed", "link moved", "rl(https://evil.example)mstyle number", "100 %",
        "STDERR: went wrong", "evil\ufffdgnp.exe", HOSTILE[7], HOSTILE[8],
    ]  # fmt: skip
    output = page.get_by_test_id("output")
    assert output.locator("img, script, a:not(.line-number)").count() == 0
    expect(output.locator(".ink-1").first).to_have_text("red")
    expect(output.locator(".bold.underline")).to_have_text("bold")
    expect(output.get_by_text("true", exact=True)).to_have_css("color", "rgb(1, 2, 3)")
    expect(output.locator(".line.stderr")).to_have_text(re.compile("went wrong"))
    plain = output.get_by_text("no colour").evaluate("line => getComputedStyle(line).color")
    assert plain == output.get_by_text("{{ template }}").evaluate("line => getComputedStyle(line).color")
    assert (alerts, complaints) == ([], [])


def test_the_end_is_followed(page: Page, server: Server) -> None:
    """New lines keep the end in sight until one scrolls up; then they are counted, and one press leads back."""
    job = printed(server, 500)
    open_job(page, server.url, job)
    follow = page.get_by_test_id("follow")
    expect(follow).to_have_attribute("aria-checked", "true")
    wait_for(lambda: last(page) == 500)
    append(server, job, ["next", ""])
    wait_for(lambda: last(page) == 502)
    scroll(page, -2_000)
    expect(follow).to_have_attribute("aria-checked", "false")
    wait_for(lambda: last(page) < 490)
    before = seen(page)
    append(server, job, ["a", "b", "c"])
    expect(page.get_by_test_id("new-lines")).to_have_text("3 new lines")
    assert seen(page) == before
    page.get_by_test_id("new-lines").click()
    wait_for(lambda: last(page) == 505)
    expect(follow).to_have_attribute("aria-checked", "true")
    expect(page.get_by_test_id("new-lines")).to_be_hidden()
    follow.press("Enter")
    append(server, job, ["d"])
    expect(page.get_by_test_id("new-lines")).to_have_text("1 new line")
    scroll(page, 100_000)
    expect(follow).to_have_attribute("aria-checked", "true")


def test_a_hundred_thousand_lines(page: Page, server: Server) -> None:
    """Wherever one scrolls the right lines are there, and the page has some dozens of them."""
    job = printed(server, 100_000)
    open_job(page, server.url, job)
    wait_for(lambda: last(page) == 100_000)
    output = page.get_by_test_id("output")
    for part in (0.0, 0.5, 0.2, 0.999, 0.7):
        output.evaluate("(output, part) => { output.scrollTop = output.scrollHeight * part; }", part)
        wait_for(lambda: bool(seen(page)) and all(text == f"line {number} of many" for number, text in seen(page)), 20)
        numbers = [number for number, _ in seen(page)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert abs(numbers[0] - 100_000 * part) < 100
        assert page.locator("#output *").count() < 500
    output.press("Home")
    wait_for(lambda: bool(seen(page)) and seen(page)[0] == (1, "line 1 of many"))


def test_lines_have_addresses(page: Page, server: Server) -> None:
    """An address leads to its line, wherever that is; a press on a number makes one, with Shift of several lines."""
    job = printed(server, 5_000)
    open_job(page, server.url, job, "#L2042")
    wait_for(lambda: (2042, "line 2042 of many") in seen(page))
    expect(page.locator(".line.target")).to_have_attribute("data-line", "2042")
    expect(page.get_by_test_id("follow")).to_have_attribute("aria-checked", "false")
    page.locator("[data-line='2044'] .line-number").click()
    expect(page).to_have_url(re.compile("#L2044$"))
    page.locator("[data-line='2047'] .line-number").click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile("#L2044-L2047$"))
    expect(page.locator(".line.target")).to_have_count(4)
    page.reload()
    wait_for(lambda: (2044, "line 2044 of many") in seen(page))
    page.evaluate("location.hash = '#L7'")
    wait_for(lambda: (7, "line 7 of many") in seen(page))


def test_the_output_is_searched(page: Page, server: Server) -> None:
    """All lines are looked through, not on the page alone; keys go from match to match, also to new ones."""
    job = printed(server, 30_000)
    append(server, job, ["a needle here", "nothing"])
    open_job(page, server.url, job)
    page.keyboard.press("/")
    page.keyboard.type("LINE 777")
    count = page.get_by_test_id("search-count")
    expect(count).to_have_text("1 of 11", timeout=20_000)
    wait_for(lambda: (777, "line 777 of many") in seen(page))
    expect(page.locator(".line.current mark")).to_have_text("line 777")
    page.keyboard.press("Enter")
    expect(count).to_have_text("2 of 11")
    wait_for(lambda: (7770, "line 7770 of many") in seen(page))
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(count).to_have_text("11 of 11")
    expect(page.get_by_test_id("search")).to_be_focused()
    page.get_by_test_id("search").fill("needle")
    expect(count).to_have_text("1 of 1", timeout=20_000)
    append(server, job, ["one more \x1b[31mnee\x1b[0mdle"])
    expect(count).to_have_text("1 of 2")
    page.get_by_test_id("search-next").click()
    expect(page.locator(".line.current mark")).to_have_text(["nee", "dle"])
    page.get_by_test_id("search").fill("not there at all")
    expect(count).to_have_text("No matches", timeout=20_000)
    page.get_by_test_id("search").press("Escape")
    expect(count).to_have_text("")
    expect(page.locator("#output mark")).to_have_count(0)


def test_long_lines_are_wrapped_or_not(page: Page, server: Server) -> None:
    """Wrapped, all of a line is in sight and nothing scrolls sideways; the line that was read stays."""
    job = create(server, "Wide")
    append(server, job, [f"{number} " + "wide " * 100 for number in range(1, 200)])
    open_job(page, server.url, job, "#L100")
    output = page.get_by_test_id("output")
    wide = "output => output.scrollWidth > output.clientWidth"
    wait_for(lambda: output.evaluate(wide))
    page.get_by_test_id("wrap").click()
    wait_for(lambda: not output.evaluate(wide))
    wait_for(lambda: sum(number == 100 for number, _ in seen(page)) > 1)
    whole = "".join(text for number, text in seen(page) if number == 100)
    assert whole == "100 " + "wide " * 100
    page.get_by_test_id("wrap").click()
    wait_for(lambda: sum(number == 100 for number, _ in seen(page)) == 1)


def test_the_output_is_taken_along(page: Page, server: Server) -> None:
    """Copied without its colours, all of it or the lines that the address points to; saved as it was printed."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    job = printed(server, 12_000)
    append(server, job, ["\x1b[32mgreen\x1b[0m", ""])
    open_job(page, server.url, job)
    page.get_by_test_id("copy").click()
    expect(page.get_by_test_id("output-note")).to_have_text("12,002 lines copied.", timeout=20_000)
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert (len(copied), copied[0], copied[-2:]) == (12_002, "line 1 of many", ["green", ""])
    page.locator("[data-line='12001'] .line-number").click()
    page.get_by_test_id("copy").click()
    expect(page.get_by_test_id("output-note")).to_have_text("1 line copied.")
    assert page.evaluate("navigator.clipboard.readText()").splitlines() == ["green"]
    with page.expect_download() as download:
        page.get_by_test_id("download").click()
    assert download.value.suggested_filename == f"job-{job}.log"
    saved = Path(download.value.path()).read_text().split("\n")
    assert (len(saved), saved[11_999], saved[12_000]) == (12_003, "line 12000 of many", "\x1b[32mgreen\x1b[0m")


def test_no_line_is_lost_or_doubled(page: Page, proxy: Proxy, server: Server) -> None:
    """Over a lost connection and a reload, while lines go on, each is there once."""
    proxy.blocked.clear()
    job = create(server, "Goes on")
    append(server, job, ["line 1"])
    open_job(page, proxy.url, job)
    proxy.block(WEBSOCKET, STREAM, POLL)
    expect(page.get_by_test_id("stale-words")).to_be_visible()
    append(server, job, [f"line {number}" for number in range(2, 402)])
    proxy.blocked.clear()
    page.get_by_test_id("stale-retry").click()
    expect_connected(page)
    append(server, job, ["line 402"])
    wait_for(lambda: last(page) == 402)
    page.reload()
    expect_connected(page)
    append(server, job, ["line 403"])
    wait_for(lambda: last(page) == 403)
    for top in range(0, 403 * 21, 200):
        page.get_by_test_id("output").evaluate("(output, top) => { output.scrollTop = top; }", top)
        wait_for(lambda: bool(seen(page)) and all(text == f"line {number}" for number, text in seen(page)))


@pytest.mark.parametrize("job_id", ["7", "0b0f7a52-58a6-4e0c-9c1f-6f6a4a1f2d11"])
def test_a_job_that_is_not_there(page: Page, server: Server, job_id: str) -> None:
    """The page says so, and leads to all jobs; one that begins meanwhile appears."""
    page.goto(f"{server.url}/jobs/{job_id}")
    expect(page.get_by_test_id("page-state")).to_contain_text("There is no such job")
    expect(page.get_by_test_id("output-card")).to_be_hidden()
    if len(job_id) > 1:
        server.python(f"from aether.jobs import actions; import uuid; actions.create('Late', id=uuid.UUID('{job_id}'))")
        expect(page.get_by_test_id("page-title")).to_have_text("Late")
        return
    page.get_by_test_id("state-action").click()
    expect(page).to_have_url(f"{server.url}/jobs")


def test_a_job_that_is_deleted_meanwhile(page: Page, server: Server) -> None:
    """The page says so, and what was read stays to be read."""
    job = create(server, "Goes")
    append(server, job, ["last words"])
    change(server, job, status="completed")
    open_job(page, server.url, job)
    expect(page.get_by_test_id("job-deleted")).to_be_hidden()
    with server.client() as client:
        assert client.delete(f"/api/v1/jobs/{job}").status_code == 200
    expect(page.get_by_test_id("job-deleted")).to_be_visible()
    assert seen(page) == [(1, "last words")]
    page.reload()
    expect(page.get_by_test_id("page-state")).to_contain_text("There is no such job")


@pytest.mark.parametrize("width", [390, 320])
def test_the_job_view_fits_a_phone(page: Page, server: Server, width: int) -> None:
    """Long lines scroll in the output alone; all that one can do is in reach."""
    page.set_viewport_size(ViewportSize(width=width, height=780))
    job = create(server, "A job with a name that is rather long, as names of jobs are", target_host="hv-1.example")
    append(server, job, ["wide " * 100])
    open_job(page, server.url, job)
    for control in ("follow", "wrap", "copy", "download", "search", "job-cancel"):
        expect(page.get_by_test_id(control)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
