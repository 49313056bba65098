"""The routes that are no views of DRF, described for the OpenAPI schema: health, the event stream, the poll."""

from typing import Any, Final

Described = dict[str, Any]

CURSOR: Final = "MTI4LjFhMmI"
NOTIFICATION: Final = {"type": "notification", "action": "created", "topic": "notifications", "offset": 128, "data": {}}
SECURITY: Final[list[dict[str, list[str]]]] = [{"token": []}, {"session": []}]
BUILD: Final = {"commit": "4f2c1aa", "time": None}


def _about(status: str) -> Described:
    return {"status": status, "version": "0.1.0", "timestamp": "2026-11-24T09:30:00.125Z", "build": BUILD}


def _query(name: str, description: str, example: Any, *, required: bool = False, kind: str = "string") -> Described:
    schema = {"type": kind}
    found = {"name": name, "in": "query", "required": required, "description": description, "schema": schema}
    return {**found, "example": example}


def _answer(description: str, schema: Described, example: Any, media_type: str = "application/json") -> Described:
    content = {"schema": schema, "examples": {"Example": {"value": example}}}
    return {"description": description, "content": {media_type: content}}


def _health(name: str, summary: str, responses: Described) -> Described:
    return {
        "get": {"operationId": name, "tags": ["health"], "summary": summary, "security": [], "responses": responses}
    }


def _stream(name: str, summary: str, description: str, parameters: list[Described], ok: Described) -> Described:
    operation = {"operationId": name, "tags": ["real time"], "summary": summary, "description": description}
    return {"get": {**operation, "parameters": [TOPICS, *parameters], "security": SECURITY, "responses": ok}}


TOPICS: Final = _query("topics", "The topics, with commas between them.", "notifications,jobs:17", required=True)
LAST_EVENT_ID: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The `id` of the last event that came; browsers send it by themselves.",
    "schema": {"type": "string"},
}
ABOUT: Final[Described] = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["healthy", "ready", "degraded", "unavailable"]},
        "version": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "build": {"type": "object", "additionalProperties": {"type": "string", "nullable": True}},
        "checks": {"type": "object", "additionalProperties": {"type": "string", "enum": ["ok", "degraded", "failed"]}},
    },
    "required": ["status", "version", "timestamp", "build"],
}
CHANGES: Final[Described] = {
    "type": "object",
    "properties": {"messages": {"type": "array", "items": {"type": "object"}}, "cursor": {"type": "string"}},
    "required": ["messages", "cursor"],
}
CHECKS: Final = {"database": "ok", "node": "ok", "channel_layer": "ok"}

ROUTES: Final[dict[str, Described]] = {
    "/healthz": _health(
        "health_alive",
        "Tell whether the process lives",
        {"200": _answer("It does; nothing else was looked at.", ABOUT, _about("healthy"))},
    ),
    "/readyz": _health(
        "health_ready",
        "Tell whether the process can serve",
        {
            "200": _answer("It can, perhaps more slowly.", ABOUT, _about("ready") | {"checks": CHECKS}),
            "503": _answer(
                "It cannot: a check failed, or it is about to end.",
                ABOUT,
                _about("unavailable") | {"checks": {**CHECKS, "database": "failed"}},
            ),
        },
    ),
    "/api/v1/stream": _stream(
        "stream",
        "Follow topics as server-sent events",
        "The messages of the WebSocket, one an event: first the topics' state, then what comes, without end.",
        [LAST_EVENT_ID],
        {
            "200": _answer(
                "Events, each with the position after it as its id.",
                {"type": "string"},
                f'id: {CURSOR}\ndata: {{"type":"notification"}}\n\n',
                "text/event-stream",
            )
        },
    ),
    "/api/v1/changes": _stream(
        "changes",
        "Ask for what came since the last time",
        "Answers at once where there is something, else when something comes or the time is over.",
        [
            _query("since", "`cursor` of the answer before; without it the topics' state is told.", CURSOR),
            _query("wait", "Seconds to wait for something, up to 60. Default: 25.", 25, kind="number"),
        ],
        {"200": _answer("What came.", CHANGES, {"messages": [NOTIFICATION], "cursor": CURSOR})},
    ),
}
"""Path → what can be done there."""
