"""A proxy as they stand in offices, where some let no WebSocket through, and before several nodes."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator

from tests.support.servers import Server

WEBSOCKET, STREAM, POLL, LIST = "/ws", "/api/v1/stream", "/api/v1/changes", "/api/v1/notifications"
WEBSOCKET_WORDS = "Connected"
STREAM_WORDS = "Connected, over server-sent events"
POLL_WORDS = "Connected, by polling"
"""What the dashboard says it is on."""
REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """Passes TCP on to the next server that takes it, but answers 400 to requests for what is in `blocked`."""

    def __init__(self, *servers: Server, blocked: tuple[str, ...] = ()) -> None:
        self.blocked = set(blocked)
        self.asked: list[str] = []
        """The paths of all requests, in their order."""
        self._turns = itertools.cycle([server.port for server in servers])
        self._servers = len(servers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: dict[str, list[socket.socket]] = {}
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def block(self, *paths: str) -> None:
        """Let requests for *paths* through no longer, and cut those that are open."""
        self.blocked.update(paths)
        for path in paths:
            for end in self._open.pop(path, []):
                _cut(end)

    def serve(self) -> None:
        """Take connections until `close`."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Stop, and cut what is open."""
        _cut(self._listener)
        for ends in self._open.values():
            for end in ends:
                _cut(end)

    def _pass(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = _head(client)
            path = head.split(b" ", 2)[1].decode().partition("?")[0] if head else ""
            self.asked.append(path)
            if not head or path in self.blocked:
                client.sendall(REFUSAL)
                return
            with self._reach() as server:
                self._open.setdefault(path, []).extend((client, server))
                server.sendall(_once(head))
                threading.Thread(target=_pump, args=(client, server), daemon=True).start()
                _pump(server, client)

    def _reach(self) -> socket.socket:
        """Connect to the next server, or to the one after it where that does not listen. Raises: OSError."""
        for _ in range(self._servers - 1):
            with contextlib.suppress(ConnectionRefusedError):
                return socket.create_connection(("127.0.0.1", next(self._turns)))
        return socket.create_connection(("127.0.0.1", next(self._turns)))


@contextlib.contextmanager
def proxied(*servers: Server, blocked: tuple[str, ...] = ()) -> Iterator[Proxy]:
    """Give a proxy in front of *servers*; it ends with the block."""
    proxy = Proxy(*servers, blocked=blocked)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(5)


def _head(client: socket.socket) -> bytes:
    """Return what the client sent up to the end of its request's headers, and perhaps more; nothing where it left."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = client.recv(65536)
        if not piece:
            return b""
        head += piece
    return head


def _once(head: bytes) -> bytes:
    """Have each connection carry one request, so that each request can be judged."""
    lines = head.split(b"\r\n")
    if any(line.lower().startswith(b"upgrade: websocket") for line in lines):
        return head
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([kept[0], b"Connection: close", *kept[1:]])


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    _cut(target)


def _cut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
