"""What is logged, and how it looks: structlog renders every record of the standard library's loggers.

Whoever logs uses `logging` as ever, with `extra` for fields. In a console a record is a line for people; in production
it is one JSON object. Neither ever has a query string (a login's answer carries a code there) or what PostgreSQL tells
of a row that it refused.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import Processor

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS: Final = ("AUTO", "CONSOLE", "JSON")
OURS: Final = ("aether", "realtime", "notifications")
CHATTY: Final = ("asyncio", "daphne", "django.db.backends", "django.template", "django.utils.autoreload")
HANDSHAKES: Final = ("connection open", "connection closed")
ACCESS: Final = ("uvicorn.access", "django.channels.server")
FIRST: Final = ("timestamp", "level", "logger", "event", "request_id", "client_id")
CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), 127) if chr(code) != "\t"}
ROW: Final = re.compile(r"\n?DETAIL:.*?(?=\n\nThe above exception|\n\nDuring handling|\nCONTEXT:|\Z)", re.DOTALL)
"""What PostgreSQL adds to an error: the values of the row, hence people's texts."""

PLAIN: Final = (str, int, float, list, tuple, type(None))
STRUCTURE: Final = ("_record", "_from_structlog", "exc_info", "stack_info", "positional_args")

Line = MutableMapping[str, Any]


class WithoutHandshakes(logging.Filter):
    """Drop the server's two lines for each WebSocket; `realtime.audit` logs the same with the client's id."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* is something else."""
        if record.levelno > logging.INFO or not isinstance(record.msg, str):
            return True
        return record.msg not in HANDSHAKES and '"WebSocket %s"' not in record.msg


class WithoutCodes(logging.Filter):
    """Cut the query off the paths that servers log: it may carry what was searched for, or a provider's code."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True; the record's arguments are what changes."""
        if isinstance(record.args, dict) and "path" in record.args:
            record.args = {**record.args, "path": _bare(record.args["path"])}
        elif isinstance(record.args, tuple):
            record.args = tuple(_bare(part) for part in record.args)
        return True


def config(level: str, form: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to stderr, from *level* up, as `CONSOLE` or `JSON`.

    What other people's packages say below INFO is left out even at DEBUG, which is there to show every WebSocket event.
    """
    quiet = level if level != "DEBUG" else "INFO"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"without_handshakes": {"()": WithoutHandshakes}, "without_codes": {"()": WithoutCodes}},
        "formatters": {"line": {"()": json_formatter if form == "JSON" else console_formatter}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_handshakes"]}
        },
        "root": {"handlers": ["console"], "level": quiet},
        "loggers": {
            # Django's own handlers would print a second copy in DEBUG, and mail the admins otherwise.
            "django": {"handlers": [], "level": quiet, "propagate": True},
            "django.server": {"handlers": [], "level": quiet, "propagate": True},
            **{name: {"level": quiet} for name in CHATTY},
            **{name: {"filters": ["without_codes"]} for name in ACCESS},  # For whoever adds a handler, too.
            # Several lines for each login; the audit has one, and one for each lockout.
            "axes": {"level": "CRITICAL"},
            # Two lines for each handshake, which `WithoutHandshakes` would drop once they are made.
            "uvicorn.error.websocket": {"level": "WARNING"},
            **{name: {"level": level} for name in OURS},
        },
    }


def json_formatter() -> logging.Formatter:
    """Return the formatter of production: one JSON object per line."""
    ending: list[Processor] = [
        _access,
        structlog.processors.format_exc_info,
        _without_rows,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _ordered,
        structlog.processors.JSONRenderer(default=str),
    ]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_fields(), processors=ending, pass_foreign_args=True)


def console_formatter() -> logging.Formatter:
    """Return the formatter for people, in colours where they look at a terminal."""
    ending: list[Processor] = [
        structlog.processors.format_exc_info,
        _without_rows,
        _on_one_line,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0),
    ]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_fields(), processors=ending)


def _fields() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _without_objects,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _without_objects(_logger: Any, _method: str, line: Line) -> Line:
    """Drop what others add for formatters of their own: uvicorn's colours, and Django's request with its query."""
    for name in [name for name, value in line.items() if not isinstance(value, PLAIN) and name not in STRUCTURE]:
        del line[name]
    line.pop("color_message", None)
    return line


def _access(_logger: Any, _method: str, line: Line) -> Line:
    """Give uvicorn's line for each request fields of its own."""
    args = line.pop("positional_args", ())
    if line.get("logger") == "uvicorn.access" and len(args) == 5:
        line["address"], line["method"], line["path"], _, line["status"] = args
        line["address"] = line["address"].rpartition(":")[0]
        line["event"] = "request"
    return line


def _without_rows(_logger: Any, _method: str, line: Line) -> Line:
    for name in ("event", "exception"):
        if isinstance(text := line.get(name), str) and "DETAIL:" in text:
            line[name] = ROW.sub("", text)
    return line


def _on_one_line(_logger: Any, _method: str, line: Line) -> Line:
    """Escape what would let the text of a stranger look like a line of its own, or steer a terminal."""
    line["event"] = str(line["event"]).strip().translate(CONTROLS)
    return line


def _ordered(_logger: Any, _method: str, line: Line) -> Line:
    return {name: line[name] for name in FIRST if name in line} | dict(line)


def _bare(part: Any) -> Any:
    return part.partition("?")[0] if isinstance(part, str) else part
