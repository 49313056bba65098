"""The server under test: a real process with two people, whose log and memory are watched."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.fuzz.bounds import MAX_FRAME
from tests.support.servers import Server, environment, manage

PEOPLE: Final = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, User
from notifications import actions

def session_of(user):
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update({
        SESSION_KEY: str(user.pk), HASH_SESSION_KEY: user.get_session_auth_hash(),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
    })
    session.create()
    return session.session_key

ann, ben = (User.objects.create_user(name) for name in ("ann", "ben"))
ann.groups.add(*Group.objects.filter(name__in=["Reader", "Writer", "Admin"]))
for number in range(20):
    actions.create(f"Number {number}", user=(None, ann, ben)[number % 3])
print(json.dumps({user.username: session_of(user) for user in (ann, ben)}))
"""
SETTINGS: Final = {
    "DEBUG": "false",
    "HTTPS": "false",
    "AUTH_ENABLED": "true",
    "LOG_LEVEL": "WARNING",
    "WEBSOCKET_MAX_FRAME": str(MAX_FRAME),
    **dict.fromkeys(("LIMIT_MESSAGES", "LIMIT_CONNECTIONS_PER_USER", "LIMIT_TOPICS"), "0"),
    **dict.fromkeys(("THROTTLE_ANONYMOUS", "THROTTLE_READER", "THROTTLE_WRITER", "THROTTLE_ADMIN"), "0"),
}
"""Production's, but for https, and without the limits that would keep the inputs from what is to be tried."""
FAILURES: Final = (
    "Traceback (most recent call last)",
    '"level": "error"',
    '"level": "critical"',
    "Exception ignored",
    "was never ",
)


class ServerFailed(AssertionError):
    """The server did what it must not."""


class Target:
    """A server, what may be sent to it in somebody's name, and what it said of it."""

    def __init__(self, server: Server, sessions: dict[str, str]) -> None:
        self.server = server
        self.host = f"127.0.0.1:{server.port}"
        self.sessions = sessions
        self._read = 0

    def headers(self, name: str) -> list[tuple[str, str]]:
        """Return the headers of a browser in which *name* is logged in."""
        return [("Cookie", f"sessionid={self.sessions[name]}"), ("Origin", f"http://{self.host}")]

    def check_log(self) -> None:
        """Raise ServerFailed, with what it says, where the log has an exception or an error since the last look."""
        with self.server.log_file.open("rb") as log:
            log.seek(self._read)
            new = log.read().decode(errors="replace")
            self._read = log.tell()
        if any(sign in new for sign in FAILURES):
            raise ServerFailed(f"The server logged:\n{new[:6_000]}")

    def memory(self) -> int:
        """Return how much memory the process holds, in KiB."""
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

    def cursors(self, name: str) -> str:
        """Return the cursor that *name* is given now."""
        cookies = {"sessionid": self.sessions[name]}
        with self.server.client(cookies=cookies) as client:
            answer: dict[str, Any] = client.get("/api/v1/changes?topics=all&wait=0").raise_for_status().json()
        cursor: str = answer["cursor"]
        return cursor


@contextmanager
def target(template: Path | None = None, **env: str) -> Iterator[Target]:
    """Give a server that runs as in production, over SQLite, and ends with the block."""
    with TemporaryDirectory(prefix="aether-fuzz-") as name:
        directory = Path(name)
        if template is None:
            template = directory / "template.sqlite3"
            manage("migrate", "-v", "0", env=environment(DATABASE_URL=f"sqlite:///{template}"))
        server = Server(directory / "server", template, STATIC_ROOT=str(directory / "static"), **{**SETTINGS, **env})
        sessions = json.loads(server.python(PEOPLE).splitlines()[-1])
        server.start()
        try:
            found = Target(server, sessions)
            yield found
            found.check_log()
        finally:
            server.stop()
