"""What scripts do over REST, timed."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx

from bench.ten_thousand.place import Place, say
from bench.ten_thousand.timing import Timed

API = "/api/v1/notifications"
LEVELS = ("info", "success", "warning", "error")
CATEGORIES = ("system", "host", "vm", "job", "authentication")
AT_ONCE = 1_000
REPEATS = 10
NEEDLE = "needle-in-the-hay"
PAGE = 100

QUERIES: tuple[tuple[str, dict[str, str]], ...] = (
    ("The first page", {}),
    ("… of one level", {"level": "error"}),
    ("… of one level and category", {"level": "error", "category": "vm"}),
    ("… about one host", {"related_entity": "host-7"}),
    ("… unread", {"read": "false"}),
    ("… read", {"read": "true"}),
    ("… saved", {"saved": "true"}),
    ("… archived", {"archived": "true"}),
    ("… snoozed", {"snoozed": "true"}),
    ("… grouped", {"grouped": "true"}),
    ("Search: a word in each", {"q": "notification"}),
    ("Search: a word in one of a thousand", {"q": "thousandth"}),
    ("Search: a word in the oldest alone", {"q": NEEDLE}),
    ("Search: a word that is nowhere", {"q": "nowhere"}),
    ("Search: three words and a level", {"q": "disk host notification", "level": "warning"}),
)
"""What is asked for → the query. One that the server does not know is left out."""
NEWER = {"saved", "archived", "snoozed", "grouped"}
"""Filters that a server may not have."""
CHANGES = (
    ("Read all of a level", "read", {"level": ["info"]}),
    ("Unread again", "unread", {"level": ["info"]}),
    ("Archive a category", "archive", {"category": ["host"]}),
    ("Take them out of the archive", "unarchive", {"category": ["host"], "archived": True}),
    ("Delete a category", "delete", {"category": ["authentication"]}),
)


class Rest:
    """The steps, in their order: `fill`, `read`, and what destroys in `change`."""

    def __init__(self, place: Place, count: int) -> None:
        self._client = place.client
        self._count = count

    def fill(self) -> Iterator[Timed]:
        """Create all of them, a thousand at a time."""
        say(f"Creating {self._count:,} notifications …")
        step = Timed("Create", f"{AT_ONCE:,} in one request")
        for first in range(0, self._count, AT_ONCE):
            items = [note(number) for number in range(first, first + AT_ONCE)]
            step.take(lambda items=items: self._ok("POST", f"{API}/bulk", json={"notifications": items}))
        step.note = f"{1000 * self._count / sum(step.milliseconds):,.0f} a second"
        yield step
        one = Timed("Create", "one, beside them")
        for number in range(REPEATS):
            made = one.take(lambda number=number: self._ok("POST", API, json=note(number)))
            self._ok("DELETE", f"{API}/{made['id']}")
        yield one

    def read(self) -> Iterator[Timed]:
        """Read them in every way."""
        yield from (step for name, query in QUERIES if (step := self._list(name, query)))
        yield self._walk("To the end, page by page", "next")
        yield self._repeat("Count", "by level and category", f"{API}/counts", size=False)
        yield self._repeat("Count", "… of a search", f"{API}/counts?q=thousandth", size=False)
        yield self._repeat("Count", "unread", f"{API}/unread_count", size=False)
        yield self._not_modified()
        for kind in ("csv", "ndjson"):
            yield self._repeat("Export", f"all as {kind}", f"{API}/export.{kind}", repeats=3)

    def change(self) -> Iterator[Timed]:
        """Change thousands at once."""
        for name, verb, condition in CHANGES:
            step = Timed("Batch", name)
            answer = step.take(lambda verb=verb, condition=condition: self._client.post(
                f"{API}/batch/{verb}", json={"filter": condition}
            ))  # fmt: skip
            if answer.status_code in (400, 404):  # This server does not have it.
                continue
            yield self._noted(step, answer, lambda found: f"{found['count']:,} changed")
        step = Timed("Batch", "Mark all read")
        answer = step.take(lambda: self._client.put(f"{API}/mark-all-read"))
        yield self._noted(step, answer, lambda found: str(found["message"]))

    def paths(self) -> list[str]:
        """Return what was asked for and may be explained."""
        known = [query for _, query in QUERIES if all(self._knows(parameter) for parameter in NEWER & query.keys())]
        lists = [_path({"limit": str(PAGE), **query}) for query in known]
        return [*lists, f"{API}/counts", f"{API}/counts?q=thousandth", f"{API}/unread_count"]

    def _list(self, name: str, query: dict[str, str]) -> Timed | None:
        if any(not self._knows(parameter) for parameter in NEWER & query.keys()):
            return None
        path = _path({"limit": str(PAGE), **query})
        step = Timed("List", name)
        for _ in range(REPEATS):
            found = step.take(lambda: self._ok("GET", path))
        step.note = f"{len(found['notifications'])} found"
        return step

    def _knows(self, parameter: str) -> bool:
        """Say whether this server has a filter: others are left unread, so only its own can be wrong."""
        return self._client.get(_path({parameter: "neither"})).status_code == 400

    def _walk(self, name: str, way: str) -> Timed:
        step, cursor, count = Timed("List", name), "", 0
        while cursor is not None:
            query = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
            page = step.take(lambda query=query: self._ok("GET", _path(query)))
            count, cursor = count + len(page["notifications"]), page[way]
        step.note = f"{len(step.milliseconds)} pages in {sum(step.milliseconds) / 1000:.1f} s, {count:,} found"
        step.failed = "" if count == self._count else f"{count:,} of {self._count:,} found"
        return step

    def _repeat(self, group: str, name: str, path: str, *, repeats: int = REPEATS, size: bool = True) -> Timed:
        step = Timed(group, name)
        for _ in range(repeats):
            answer = step.take(lambda: self._client.get(path))
        answer.raise_for_status()
        step.note = f"{len(answer.content) / 1024**2:.1f} MB" if size else ""
        return step

    def _not_modified(self) -> Timed:
        tag = self._client.get(_path({"limit": str(PAGE)})).headers["ETag"]
        step = Timed("List", "The first page, not modified (304)")
        for _ in range(REPEATS):
            answer = step.take(lambda: self._client.get(_path({"limit": str(PAGE)}), headers={"If-None-Match": tag}))
        step.failed = "" if answer.status_code == 304 else f"it was {answer.status_code}"
        return step

    def _noted(self, step: Timed, answer: httpx.Response, note_of: Callable[[Any], str]) -> Timed:
        if answer.is_success:
            step.note = note_of(answer.json())
        else:
            step.failed = f"{answer.status_code}: {answer.text[:200]}"
        return step

    def _ok(self, method: str, path: str, **options: Any) -> Any:
        answer = self._client.request(method, path, **options)
        if not answer.is_success:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None


def note(number: int) -> dict[str, Any]:
    """Return the contents of one: what it says depends on its number alone."""
    words = "thousandth " if number % 1_000 == 500 else ""
    hay = NEEDLE if number == 0 else "hay"
    return {
        "title": f"{words}Disk of host-{number % 50} is {number % 100} % full",
        "message": f"A notification like any other, number {number}, with {hay} in it. " + "More of the same. " * 5,
        "level": LEVELS[number % len(LEVELS)],
        "category": CATEGORIES[number % len(CATEGORIES)],
        "related_entity": f"host-{number % 50}",
        "metadata": {"number": number},
    }


def _path(query: dict[str, str]) -> str:
    return f"{API}?{urlencode(query)}"
