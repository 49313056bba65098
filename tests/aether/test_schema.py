"""Tests of the OpenAPI schema: every route, and every error that a client may get from it."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from realtime.routing import STREAMS
from tests.support.servers import environment, manage

ONE = "/api/v1/notifications/{notification_id}"
STREAM, POLL = "/api/v1/stream", "/api/v1/changes"


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    """The schema's paths."""
    return dict(SchemaGenerator().get_schema(public=True)["paths"])


def test_command_finds_nothing_wrong() -> None:
    """The schema validates, and drf-spectacular warns of nothing."""
    printed = manage("spectacular", "--validate", "--fail-on-warn", env=environment())
    assert printed.startswith("openapi: 3.")


def test_every_route_is_described(paths: dict[str, Any]) -> None:
    """The routes that are no views are there beside the views: health, the event stream, the poll."""
    assert {"/healthz", "/readyz", "/api/v1/notifications", ONE, *STREAMS} <= set(paths)
    assert [parameter["name"] for parameter in paths[STREAM]["get"]["parameters"]] == ["topics", "Last-Event-ID"]
    assert [parameter["name"] for parameter in paths[POLL]["get"]["parameters"]] == ["topics", "since", "wait"]
    assert "text/event-stream" in paths[STREAM]["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize(
    ("path", "method", "errors"),
    [
        ("/api/v1/notifications", "get", "400 401 429 503"),
        ("/api/v1/notifications", "post", "400 401 403 409 413 415 422 429 503"),
        (ONE, "get", "401 404 429 503"),
        (ONE, "patch", "400 401 403 404 412 413 415 429 503"),
        (ONE, "delete", "401 403 404 412 429 503"),
        (f"{ONE}/restore", "post", "401 403 404 429 503"),
        (f"{ONE}/read", "put", "400 401 403 404 413 415 429 503"),
        (STREAM, "get", "400 401 403 429 503"),
        (POLL, "get", "400 401 403 429 503"),
    ],
)
def test_errors_are_declared(paths: dict[str, Any], path: str, method: str, errors: str) -> None:
    """Each operation declares the errors that it can have, all of them as application/problem+json."""
    responses = paths[path][method]["responses"]
    declared = {status: response for status, response in responses.items() if status >= "400"}
    assert list(declared) == errors.split()
    for response in declared.values():
        assert response["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        assert response["description"]
    assert "Retry-After" in declared["503"]["headers"]
    assert "Retry-After" in declared["429"]["headers"]


def test_health_is_public_and_no_problem(paths: dict[str, Any]) -> None:
    """The health routes need no login, and say how they are in their own words, also with 503."""
    for path, statuses in (("/healthz", ["200"]), ("/readyz", ["200", "503"])):
        operation = paths[path]["get"]
        assert operation["security"] == []
        assert list(operation["responses"]) == statuses
        assert all("application/json" in response["content"] for response in operation["responses"].values())
