"""What realtime shows in Django's admin: who is connected now, API tokens, and the audit."""

from realtime.admin import audit, connections, tokens  # noqa: F401  They register themselves.
