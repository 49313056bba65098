"""The examples of the OpenAPI schema."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

ONE: Final[dict[str, Any]] = {
    "id": "4c1f3b52-6c1e-4a39-9d5e-0d3f5b1f8a10",
    "title": "Backup finished",
    "message": "42 GB in 3 minutes.",
    "level": "success",
    "category": "job",
    "created_at": "2026-11-24T09:30:00.125308Z",
    "updated_at": "2026-11-24T09:30:00.125308Z",
    "expires_at": None,
    "related_entity": "db-server-01",
    "dedup_key": None,
    "metadata": {"run": 7},
    "sensitive": False,
    "version": 1,
    "read": False,
    "archived": False,
    "saved": False,
    "snoozed_until": None,
    "offset": 128,
}
NEW: Final = {name: ONE[name] for name in ("title", "message", "level", "category", "related_entity", "metadata")}


def _answer(name: str, value: Any, *statuses: str) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=list(statuses) or ["200"])


CREATE: Final = OpenApiExample("For everyone", value=NEW, request_only=True)
LATER: Final = OpenApiExample(
    "In the morning", value={**NEW, "deliver_at": "2026-11-25T07:00:00+01:00"}, request_only=True
)
EDIT: Final = OpenApiExample("Quietly", value={"message": "43 GB.", "reopen": False}, request_only=True)
NOTIFICATION: Final = _answer("A notification", ONE, "200", "201")
DETAIL: Final = _answer("A notification", {**ONE, "readable": True})
PAGE: Final = _answer(
    "A page", {"notifications": [ONE], "total_count": 1, "unread_count": 1, "next": None, "previous": None}
)
DELETED: Final = _answer("Deleted", {"message": "Notification deleted"})
READ: Final = _answer("Read", {"message": "Notification marked as read", "unread_count": 0})
UNREAD: Final = _answer("Unread", {"message": "Notification marked as unread", "unread_count": 1})
UNTIL: Final = OpenApiExample("Until noon", value={"until": "2026-11-25T12:00:00Z"}, request_only=True)


def placed(message: str, **marks: Any) -> OpenApiExample:
    """Return the answer that says *message* of a notification with these *marks*."""
    return _answer(message, {"message": message, "unread_count": 0, "notification": {**ONE, **marks}})


ALL_READ: Final = _answer("All read", {"message": "Marked 1 notifications as read", "unread_count": 0, "up_to": 128})
COUNT: Final = _answer("A count", {"unread_count": 3})
_ONE_OF_TWO: Final = {"total": 2, "unread": 1}
_NONE: Final = {"total": 0, "unread": 0}
COUNTS: Final = _answer(
    "Counts",
    {
        **_ONE_OF_TWO,
        "tabs": {"inbox": 2, "unread": 1, "saved": 1, "snoozed": 0, "archived": 12},
        "by_level": {"info": _NONE, "success": _ONE_OF_TWO, "warning": _NONE, "error": _NONE},
        "by_category": {
            "system": _NONE, "host": _NONE, "vm": _NONE, "job": _ONE_OF_TWO, "authentication": _NONE,
        },
    },
)  # fmt: skip
MANY: Final = OpenApiExample(
    "Two", value={"notifications": [NEW, {"title": "Restart at noon", "level": "warning"}]}, request_only=True
)
CREATED: Final = _answer("Created", {"notifications": [ONE]}, "201")
BY_IDS: Final = OpenApiExample("By their ids", value={"ids": [ONE["id"]]}, request_only=True)
BY_FILTER: Final = OpenApiExample(
    "By a filter", value={"filter": {"level": ["info"], "q": "backup"}}, request_only=True
)
OF_ARCHIVE: Final = OpenApiExample("All of them", value={"filter": {"archived": True}}, request_only=True)


def _done(message: str) -> OpenApiExample:
    return _answer("Done", {"message": message, "count": 1, "missing": [], "unread_count": 0})


BATCH: Final = _done("Marked 1 notifications as read")
BATCH_ARCHIVED: Final = _done("Archived 1 notifications")
BATCH_UNARCHIVED: Final = _done("Moved 1 notifications back to the inbox")
BATCH_RESTORED: Final = _done("Restored 1 notifications")
