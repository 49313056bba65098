"""Every endpoint, for everyone: who is let in, and that nobody is told of what is not for them.

The endpoints are those of the OpenAPI document, in which every route has to be. A new one is among them by itself.
"""

from typing import Any

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from realtime.routing import STREAMS
from tests.authorization.conftest import World
from tests.authorization.endpoints import ENDLESS, endpoints, nowhere, of, told, with_ids
from tests.authorization.people import GROUPS, LET_IN, LOCKED_OUT, entitled, marks
from tests.realtime.conftest import in_thread

API = "api/v1/"
PUBLIC = {"accounts/login/", "healthz", "readyz"}
"""What answers somebody who is not logged in with a page. The admin's login page is there for those who may see it."""
ADMIN = {"admin/login/"}
TELLING = ("content-type", "cache-control", "www-authenticate", "allow", "retry-after", "location")
"""Headers that could tell two answers apart; dates and lengths of ids that are of one length cannot."""


def routes(resolver: Any = None, prefix: str = "") -> list[str]:
    """Return every route of the URL conf but the expressions, which catch what nothing else answers."""
    found: list[str] = []
    for item in (resolver or get_resolver()).url_patterns:
        path = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            found += routes(item, path)
        elif isinstance(item, URLPattern) and not any(sign in path for sign in "^$?("):
            found.append(path)
    return found


def test_every_route_is_in_the_document() -> None:
    """No route of the API is missing from the document that these tests walk."""
    described = {endpoint.path.lstrip("/").replace("{", "<str:").replace("}", ">") for endpoint in endpoints()}
    served = {path for path in routes() if path.startswith(API)} | {path.lstrip("/") for path in STREAMS}
    assert served <= described
    assert len(served) >= 8


@pytest.mark.parametrize("person", LOCKED_OUT)
async def test_nobody_without_a_login_is_let_in(world: World, person: str) -> None:
    """Whoever is not logged in, or is deactivated, gets 401 from every endpoint but the public ones."""
    browser = await world.browser(person)
    for endpoint in endpoints():
        answer = await endpoint.ask(browser, nowhere())
        expected = {200, 503} if endpoint.public else {401}
        assert answer.status_code in expected, f"{endpoint} answered {person} with {answer.status_code}"
        assert marks(answer.text) == set()


async def test_no_page_is_shown_without_a_login(world: World) -> None:
    """Every route of the site, the admin's included, asks for a login first."""
    browser = await world.browser("anonymous")
    paths = [path for path in routes() if path not in PUBLIC | ADMIN and not path.startswith("api/")]
    for path in paths:
        whole = "/".join("1" if part.startswith("<") else part for part in path.split("/"))
        answer = await browser.get(f"/{whole}")
        assert answer.status_code in (302, 401, 403, 404, 405), f"/{whole} answered {answer.status_code}"
        assert answer.status_code != 302 or "/login/" in answer.headers["location"], whole
    assert len(paths) > 20


@pytest.mark.parametrize("person", LET_IN)
async def test_what_is_read_is_for_its_reader(world: World, person: str) -> None:
    """No answer to a GET has a row in it that its reader is not in the audience of; the list has all the others."""
    browser = await world.browser(person)
    for endpoint in endpoints():
        if endpoint.method != "get" or endpoint.path == ENDLESS:
            continue
        for mark in ("everyone", *(f"user {name}" for name in GROUPS)):
            pk = await in_thread(of, endpoint.parameter, mark) if endpoint.parameter else ""
            got = marks((await endpoint.ask(browser, pk)).text)
            assert got <= entitled(person), f"{endpoint} told {person} of {sorted(got - entitled(person))}"
    listed = await browser.get("/api/v1/notifications?limit=200")
    assert marks(listed.text) == entitled(person)


@pytest.mark.parametrize("person", LET_IN)
async def test_what_is_hidden_is_as_if_it_were_not_there(world: World, person: str) -> None:
    """Each request about something of another user gets the very answer that one about nothing at all gets."""
    browser = await world.browser(person)
    other = "user outsider" if person != "outsider" else "user Reader"
    for endpoint in with_ids():
        assert endpoint.parameter is not None
        hidden, nothing = await in_thread(of, endpoint.parameter, other), nowhere()
        about_hidden, about_nothing = await endpoint.ask(browser, hidden), await endpoint.ask(browser, nothing)
        assert about_hidden.status_code in (403, 404), f"{endpoint} answered {person}: {about_hidden.text}"
        assert _told(about_hidden, hidden) == _told(about_nothing, nothing), str(endpoint)


async def test_nothing_hidden_was_changed(world: World) -> None:
    """What somebody with every permission asked of others' rows left these as they were."""
    admin, owner = await world.browser("Admin"), await world.browser("outsider")
    for endpoint in with_ids():
        assert endpoint.parameter is not None
        await endpoint.ask(admin, await in_thread(of, endpoint.parameter, "user outsider"))
    items = (await owner.get("/api/v1/notifications?limit=200")).json()["notifications"]
    [own] = [item for item in items if item["title"] == "<<user outsider>>"]
    assert (own["version"], own["read"]) == (1, False)


def _told(answer: httpx.Response, pk: str) -> tuple[int, dict[str, str | None], str]:
    """Return all that an answer tells, without the id that was asked for."""
    headers = {name: answer.headers.get(name) for name in TELLING}
    return answer.status_code, headers, told(answer.text).replace(pk, "…")
