"""A sensitive notification on its way through real servers: what every part of the system gets to see of it.

One marker stands for all that is secret. It may be in the answer to who asks for that one notification, and nowhere
else: no message, no log, no table, no file, no command to Valkey.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from realtime import keys
from tests.conftest import LOCAL, StartServer
from tests.support.servers import ROOT, Server
from tests.support.valkey import Monitor
from tests.support.waiting import wait_for

MARKER = "xyzzy-plugh"
SECRET: dict[str, Any] = {
    "title": f"Title {MARKER}",
    "message": f"Message {MARKER}",
    "related_entity": f"host-{MARKER}",
    "metadata": {"password": MARKER},
    "dedup_key": f"key-{MARKER}",
    "sensitive": True,
    "level": "error",
}
API = "/api/v1/notifications"


@pytest.fixture
def monitor(valkey_url: str) -> Iterator[Monitor]:
    """What Valkey is told."""
    with Monitor(valkey_url) as monitor:
        yield monitor


@pytest.fixture
def server(start_server: StartServer, valkey_url: str) -> Server:
    """A talkative server with a key, on a real Valkey."""
    env = {"REDIS_URL": valkey_url, "ENCRYPTION_KEYS": keys.generate(), "LOG_LEVEL": "DEBUG"}
    return start_server(**LOCAL, **env)


@contextmanager
def listening(server: Server, *protocols: str) -> Iterator[ClientConnection]:
    """Give a WebSocket that follows everything."""
    with connect(server.ws_url, subprotocols=list(protocols) or None, proxy=None) as socket:
        socket.send('{"type":"subscribe","topics":["all"],"snapshot":true}')
        yield socket


def drained(socket: ClientConnection, last: str) -> str:
    """Return all messages of *socket* up to the one that says *last*, as text."""
    texts: list[str] = []
    wait_for(lambda: texts.append(str(socket.recv(timeout=10))) or last in texts[-1], what=last)
    return "\n".join(texts)


def written(server: Server) -> bytes:
    """Return the bytes of the database's files."""
    return b"".join(path.read_bytes() for path in Path(server.directory).glob("aether.sqlite3*"))


def live(server: Server) -> str:
    """Let a sensitive notification live its whole life, with REST and the command line; return what was answered."""
    answers = []
    with server.client() as client:
        pk = client.post(API, json=SECRET).json()["id"]
        for method, path, body in (
            ("PATCH", f"{API}/{pk}", {"message": f"Changed {MARKER}"}),
            ("POST", API, {**SECRET, "title": f"Again {MARKER}"}),
            ("PUT", f"{API}/{pk}/read", {}),
            ("DELETE", f"{API}/{pk}/read", None),
            ("PUT", f"{API}/mark-all-read", {}),
            ("GET", API, None),
            ("DELETE", f"{API}/{pk}", None),
            ("POST", f"{API}/{pk}/restore", None),
            ("GET", "/api/v1/changes?topics=notifications&wait=0", None),
        ):
            answer = client.request(method, path, json=body)
            assert answer.status_code in (200, 201), answer.text
            answers.append(answer.text)
        own = client.get(f"{API}/{pk}").json()
        assert (own["title"], own["message"]) == (f"Again {MARKER}", f"Message {MARKER}")
    command = [sys.executable, str(ROOT / "manage.py"), "notify", "From stdin", "-", "--sensitive", "--json"]
    done = subprocess.run(command, env=server.env, input=MARKER, capture_output=True, text=True, check=True, timeout=60)
    answers += [done.stdout, done.stderr, server.manage("notifications", "list", "--json")]
    return "\n".join(answers)


def test_the_marker_is_nowhere_but_in_its_own_answer(server: Server, monitor: Monitor) -> None:
    """Sockets old and new, the list, the poll, the log, the database's bytes and Valkey: none has it."""
    with listening(server, "aether.v1.json") as socket, listening(server) as legacy, server.client() as client:
        answers = live(server)
        end = client.post(API, json={"title": "The end"}).json()["id"]
        messages = [drained(socket, end), drained(legacy, end)]
    with listening(server, "aether.v1.json") as late:
        messages.append(drained(late, '"status":"subscribed"'))
    for place in (*messages, answers, server.log, monitor.heard()):
        assert MARKER not in place
        assert "From stdin" not in place
    assert "Sensitive notification" in messages[0]
    assert "sensitive_read [realtime.audit]" in server.log
    assert server.stop() == 0
    database = written(server)
    assert b"The end" in database
    assert MARKER.encode() not in database
    assert json.loads(server.manage("dumpdata", "notifications.notification"))
    assert MARKER not in server.manage("dumpdata")


def test_a_failure_has_no_word_of_it(start_server: StartServer) -> None:
    """Without a key it is refused, and neither the answer nor the log repeats what was to be kept."""
    server = start_server(**LOCAL, LOG_LEVEL="DEBUG")
    with server.client() as client:
        answer = client.post(API, json=SECRET)
    assert answer.status_code == 400
    assert "ENCRYPTION_KEYS" in answer.text
    assert MARKER not in answer.text + server.log
