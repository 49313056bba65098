"""Every endpoint of the API, read from the OpenAPI document, and how to ask it for something."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
from django.contrib.auth.models import User
from drf_spectacular.generators import SchemaGenerator

from notifications.models import Notification
from realtime import tokens
from realtime.api.schema import METHODS


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path; `example` is the body that the document shows."""

    method: str
    path: str
    public: bool
    example: Any

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def parameter(self) -> str | None:
        """The name of the id in the path, where it has one."""
        return self.path.partition("{")[2].partition("}")[0] or None

    async def ask(self, browser: httpx.AsyncClient, pk: str = "", **query: Any) -> httpx.Response:
        """Send the request, with *pk* as the path's id, and return the answer's head and body."""
        url = self.path.replace(f"{{{self.parameter}}}", pk)
        body = {} if self.method in ("get", "delete") else {"json": self.example or {}}
        return await browser.request(self.method, url, params=query or QUERIES.get(self.path), **body)


QUERIES: Final = {"/api/v1/changes": {"topics": "all", "wait": 0}, "/api/v1/stream": {"topics": "all"}}
"""What the streams must be asked for."""
ENDLESS: Final = "/api/v1/stream"
OF_OTHERS: Final[dict[str, Callable[[str], str]]] = {
    "notification_id": lambda mark: str(Notification.objects.get(title=mark).pk),
    "token_id": lambda mark: str(tokens.create(_owner(mark), mark)[0].uuid),
}
"""Name of an id in a path → what returns the id of something with a given mark. A new id needs an entry."""
OF_EVERYONE: Final = frozenset({"cluster_name", "hostname", "vm_id", "job_id"})
"""Names of ids of what everybody who is logged in may see; those of `of` are nothing's."""


def endpoints() -> list[Endpoint]:
    """Return every operation of the document."""
    found = SchemaGenerator().get_schema(public=True)["paths"]
    return [
        Endpoint(method, path, operation.get("security") == [], _example(operation))
        for path, item in found.items()
        for method, operation in item.items()
        if method in METHODS
    ]


def with_ids() -> Iterator[Endpoint]:
    """Yield the endpoints that take an id of what some may not see.

    Raises: AssertionError, where it is not known how to make one.
    """
    for endpoint in endpoints():
        if endpoint.parameter is not None and endpoint.parameter not in OF_EVERYONE:
            assert endpoint.parameter in OF_OTHERS, f"Add {endpoint.parameter!r} to OF_OTHERS in {__file__}."
            yield endpoint


def of(name: str, mark: str) -> str:
    """Return the id, for a path with the parameter *name*, of what has *mark*. Queries the database."""
    return nowhere() if name in OF_EVERYONE else OF_OTHERS[name](f"<<{mark}>>")


def _owner(mark: str) -> User:
    """Return the user that *mark* names, or somebody where it names everyone."""
    name = mark.strip("<>").removeprefix("user ")
    return User.objects.get(username="outsider" if name == "everyone" else name)


def told(text: str) -> str:
    """Return what an answer says, without the id of its request: each has another one."""
    return re.sub(r'"request_id": ?"[0-9a-f]+"', "", text)


def nowhere() -> str:
    """Return an id that nothing has."""
    return str(uuid.uuid4())


def _example(operation: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return next((example["value"] for example in content.get("examples", {}).values()), None)
