"""The audit: what happened to connections and accounts, in log lines, and in rows where it is about security.

`record()` writes both. No text of a notification and no secret ever goes in: of what somebody sent, only what kind of
thing it was; of a token, its id.
"""

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from enum import Enum, StrEnum
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone

from realtime import conf, correlation
from realtime.ledger import Entry, ledger

logger = logging.getLogger(__name__)

LONGEST: Final = 200
"""Characters of one detail."""
TOPICS_SHOWN: Final = 10
MINUTE: Final = 60.0
HOUR: Final = 3_600.0
TAKEN: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "event", "level", "logger", "timestamp"}
)
"""Names that a log line has already; a detail of that name gets an underscore there."""


class Rows(Enum):
    """Which rows an event leaves: (seconds in which what is alike is counted, whether a stranger can cause it)."""

    NONE = None
    EACH = (0.0, False)
    USES = (HOUR, False)
    STRANGERS = (MINUTE, True)


class Event(StrEnum):
    """Everything that the audit can say; docs/operations.md has the same table."""

    rows: Rows
    level: int
    sentence: str

    def __new__(cls, value: str, rows: Rows, sentence: str) -> "Event":
        """Return the member *value*; what strangers cause is a warning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.rows, member.sentence = rows, sentence
        member.level = logging.WARNING if rows is Rows.STRANGERS else logging.INFO
        return member

    CONNECT = "connect", Rows.NONE, "A client connected and was greeted."
    SUBSCRIBE = "subscribe", Rows.NONE, "A client subscribed to topics."
    DISCONNECT = "disconnect", Rows.NONE, "A connection ended: code, reason, duration, and how much went each way."
    REFUSED = "refused", Rows.STRANGERS, "Somebody came from where they must not: Origin, Host, address, CSRF token."
    UNAUTHORIZED = "unauthorized", Rows.STRANGERS, "Somebody's credentials are not valid, or did not come in time."
    DENIED = "denied", Rows.STRANGERS, "A user asked for what they may not have or do."
    LIMIT = "limit", Rows.STRANGERS, "Somebody went over a limit."
    LOGIN = "login", Rows.EACH, "A user logged in."
    LOGIN_FAILED = "login_failed", Rows.STRANGERS, "A login failed; only a name that exists is told."
    LOCKED_OUT = "locked_out", Rows.STRANGERS, "Too many logins failed, and no more are tried for a while."
    LOGOUT = "logout", Rows.EACH, "A user logged out."
    TOKEN_MADE = "token_made", Rows.EACH, "An API token was made."
    TOKEN_USED = "token_used", Rows.USES, "An API token was used; within an hour only the first time is a row."
    TOKEN_REVOKED = "token_revoked", Rows.EACH, "An API token was revoked."
    TICKET_MADE = "ticket_made", Rows.USES, "A ticket for one connection was made."
    TICKET_USED = "ticket_used", Rows.USES, "A connection came with a ticket."
    USER_CREATED = "user_created", Rows.EACH, "An account was made."
    USER_DELETED = "user_deleted", Rows.EACH, "An account was deleted."
    USER_ACTIVATED = "user_activated", Rows.EACH, "An account was made active again."
    USER_DEACTIVATED = "user_deactivated", Rows.EACH, "An account was made inactive."
    PASSWORD_CHANGED = "password_changed", Rows.EACH, "An account got another password."
    ROLE_CHANGED = "role_changed", Rows.EACH, "An account, or a user group, gained or lost rights."
    ADMIN_WRITE = "admin_write", Rows.EACH, "Something was added, changed or deleted in the admin."
    CLIENT_ENDED = "client_ended", Rows.EACH, "An administrator disconnected a client."
    SENSITIVE_READ = "sensitive_read", Rows.USES, "A user read what a sensitive notification says."
    KEYS_ROTATED = "keys_rotated", Rows.EACH, "What is encrypted at rest was encrypted anew."


_acting: ContextVar[HttpRequest | None] = ContextVar("acting", default=None)


@contextlib.contextmanager
def acting(request: HttpRequest) -> Iterator[None]:
    """Let what is recorded meanwhile be told of *request*'s user and address."""
    token = _acting.set(request)
    try:
        yield
    finally:
        _acting.reset(token)


def record(event: Event, *, user: Any = None, address: str | None = None, logged: bool = True, **details: Any) -> None:
    """Log *event*, and keep a row where its kind has rows. Never waits, and may be called from anywhere.

    *user* and *address* are by default those of the current request. *details* are values of JSON: ids, names of fields
    and topics, codes and reasons of our own, numbers. Never what somebody wrote, and never a credential. Without
    *logged* there is no line, for a flood of what is alike.
    """
    is_logged = logged and logger.isEnabledFor(event.level)
    rows = event.rows.value if event.rows.value and conf.load().audit_retention else None
    if not is_logged and rows is None:
        return
    request = _acting.get()
    user_id, username = _named(user or getattr(request, "user", None))
    if address is None:
        address = str(request.META.get("REMOTE_ADDR", "")) if request else ""
    address = address[:64]  # A proxy may hand on whatever a client wrote.
    shown = {name: _short(value) for name, value in details.items()}
    if is_logged:
        who = {name: value for name, value in (("user", username), ("user_id", user_id), ("address", address)) if value}
        logger.log(
            event.level,
            event.value,
            extra=who | {f"{name}_" if name in TAKEN else name: value for name, value in shown.items()},
        )
    if rows is not None:
        window, stranger = rows
        ids = {"client_id": correlation.client_id(), "request_id": correlation.request_id()}
        entry = Entry(timezone.now(), event.value, user_id, username[:254], address, **ids, details=shown)
        ledger.add(entry, window=window, stranger=stranger)


def flush() -> None:
    """Write the rows that still wait. Blocks; for the end of a process."""
    ledger.flush()


def _named(user: Any) -> tuple[str, str]:
    """Return the id and the name of *user*; nothing for nobody."""
    if user is None or not getattr(user, "is_authenticated", False):
        return "", ""
    assert isinstance(user, AbstractBaseUser) or hasattr(user, "get_username")
    return str(user.pk), user.get_username()


def _short(value: Any) -> Any:
    """Return *value* without what a stranger could make long."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    if isinstance(value, list | tuple | set | frozenset):
        return [_short(one) for one in list(value)[:TOPICS_SHOWN]]
    return value
