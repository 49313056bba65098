"""What is logged, and how it looks."""

import logging
from typing import Any, Final

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
OURS: Final = ("aether", "realtime", "notifications")
CHATTY: Final = ("asyncio", "daphne", "django.db.backends", "django.template", "django.utils.autoreload")
LOGIN: Final = "/accounts/"
HANDSHAKES: Final = ("connection open", "connection closed")


class WithoutHandshakes(logging.Filter):
    """Drop the server's two lines for each WebSocket; `realtime` logs the same with the client's id."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* is something else."""
        if record.levelno > logging.INFO or not isinstance(record.msg, str):
            return True
        return record.msg not in HANDSHAKES and '"WebSocket %s"' not in record.msg


class WithoutCodes(logging.Filter):
    """Cut the query off the URLs of the login, where the OpenID provider's answer has its code."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True; the record's arguments are what changes."""
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(argument) for argument in record.args)
        return True


def _without_query(argument: object) -> object:
    if isinstance(argument, str) and argument.startswith(LOGIN):
        return argument.partition("?")[0]
    return argument


def config(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to stderr, from *level* up.

    What other people's packages say below INFO is left out even at DEBUG, which is there to show every WebSocket event.
    """
    quiet = level if level != "DEBUG" else "INFO"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"without_handshakes": {"()": WithoutHandshakes}, "without_codes": {"()": WithoutCodes}},
        "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_handshakes"]}
        },
        "root": {"handlers": ["console"], "level": quiet},
        "loggers": {
            # Django's own handlers would print a second copy in DEBUG, and mail the admins otherwise.
            "django": {"handlers": [], "level": quiet, "propagate": True},
            "django.server": {"handlers": [], "level": quiet, "propagate": True},
            **{name: {"level": quiet} for name in CHATTY},
            "uvicorn.access": {"filters": ["without_codes"]},
            # Several lines for each login; aether.login has one for each lockout.
            "axes": {"level": "CRITICAL"},
            **{name: {"level": level} for name in OURS},
        },
    }
