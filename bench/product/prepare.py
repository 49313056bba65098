"""`python -m bench.product.prepare 10000`: fill a migrated database; prints the sessions as JSON."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.product.settings")
USERS = 500
"""A tenth of the most connections, since ten tabs are what one user may well have open."""
SHOWN = 50
UNREAD = 10_000
READER = "reader"
WRITER = "writer"


def main(unread: int) -> None:
    """Make users with a session each, 50 notifications for all, and *unread* ones for one of them alone."""
    django.setup()
    from django.contrib.auth.models import User
    from django.db import transaction

    from notifications import actions
    from notifications.actions.writing import MANY
    from realtime import outbox

    names = [WRITER, READER, *(f"user{number:03}" for number in range(USERS))]
    with transaction.atomic():
        users = User.objects.bulk_create([User(username=name, is_superuser=name == WRITER) for name in names])
        sessions = {user.username: _session(user) for user in users}
        actions.create_many({"title": f"Shown {number}", "message": "m" * 100} for number in range(SHOWN))
        for start in range(0, unread, MANY):
            some = range(start, min(start + MANY, unread))
            actions.create_many({"title": f"Unread {number}", "user": users[1]} for number in some)
    while outbox.relay("notifications"):
        pass
    json.dump(sessions, sys.stdout)


def _session(user: object) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)  # type: ignore[attr-defined]
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()  # type: ignore[attr-defined]
    store.save()
    return str(store.session_key)


if __name__ == "__main__":
    main(int(sys.argv[1]))
