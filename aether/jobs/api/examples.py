"""The examples of the OpenAPI schema."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

ID: Final = "0b0f7a52-58a6-4e0c-9c1f-6f6a4a1f2d11"
ONE: Final[dict[str, Any]] = {
    "job_id": ID,
    "name": "Deploy web-server-01",
    "job_type": "deploy",
    "status": "running",
    "progress": 40,
    "created_at": "2026-11-24T09:30:00.125308Z",
    "started_at": "2026-11-24T09:30:00.125308Z",
    "completed_at": None,
    "target_host": "hyperv-01.imaginary.example",
    "parameters": {"memory_gb": 8},
    "error": None,
    "exit_code": None,
    "notification_id": None,
    "parent": None,
    "child_jobs": [],
    "created_by": "dana",
    "version": 1_795_512_600_125_309,
}
NEW: Final = {name: ONE[name] for name in ("name", "job_type", "status", "target_host", "parameters")}
PRINTED: Final = {"output": ["Copying the disk", "STDERR: slow network"], "output_first_line": 1, "output_lines": 2}


def _answer(name: str, value: Any, *statuses: str) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=list(statuses) or ["200"])


def _asked(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


CREATE: Final = _asked("A job that runs", NEW)
EDIT: Final = _asked("It came on", {"progress": 60})
CANCEL: Final = _asked("For a reason", {"error": "The maintenance window is over."})
APPEND: Final = _asked("Two lines", {"first_line": 3, "lines": ["Starting", ""]})
JOB: Final = _answer("A job", ONE, "200", "201")
LIST: Final = _answer("Jobs", {**ONE, "output": []})
DETAIL: Final = _answer("A job", {**ONE, **PRINTED, "output_url": f"/api/v1/jobs/{ID}/output"})
DELETED: Final = _answer("Deleted", {"message": "Job deleted"})
APPENDED: Final = _answer("Two are new", {"job_id": ID, "first_line": 3, "appended": 2, "next_line": 5})
PAGE: Final = _answer(
    "Lines", {"job_id": ID, "first_line": 1, "lines": PRINTED["output"], "next_line": 3, "total": 4, "more": True}
)
