"""Where sessions are kept: in the database."""

from typing import Any

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Django's own, which looks up only what can be a key.

    A cookie can spell NUL, which PostgreSQL refuses: anyone could make a server fail and log it.
    """

    def _validate_session_key(self, key: Any) -> bool:
        return bool(super()._validate_session_key(key)) and key.isascii() and key.isalnum()  # type: ignore[misc]  # The stubs leave it out.
