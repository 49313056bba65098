"""What realtime shows in Django's admin: API tokens, and the audit."""

from realtime.admin import audit, tokens  # noqa: F401  They register themselves.
