"""The server's listening socket, and the addresses that a person can open."""

import errno
import os
import socket
from ipaddress import ip_address
from typing import Final

WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  Compared with, never bound by default.  # nosec B104
BACKLOG: Final = 2048
PASSED: Final = 3
"""The first descriptor that systemd passes."""


class CannotListen(Exception):
    """Why the address cannot be listened on, in words for the person who chose it."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on *host* and *port*; port 0 takes a free one.

    Raises: CannotListen.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(_explain(host, port, error)) from error
    bound.set_inheritable(True)
    return bound


def inherited() -> socket.socket | None:
    """Return the socket that systemd listens on for this process, None where it does not.

    https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html

    Raises: CannotListen, where it passes several, or one that is not of TCP.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS", "")
    if count != "1":
        raise CannotListen(f"systemd passes {count or 'no'} sockets; the socket unit must have one ListenStream.")
    bound = socket.socket(fileno=PASSED)
    if bound.family not in (socket.AF_INET, socket.AF_INET6) or bound.type != socket.SOCK_STREAM:
        raise CannotListen("systemd passes a socket that is not of TCP; write ListenStream=127.0.0.1:8000 or the like.")
    bound.set_inheritable(True)
    return bound


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach *host*."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(bound: socket.socket) -> str:
    """Return the host and port under which a browser on this machine finds *bound*."""
    host, port = bound.getsockname()[:2]
    host = "localhost" if host in WILDCARDS else host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _explain(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            other = port + 1 if port < 65535 else 8000
            return f"Port {port} on {host} is already in use. Stop what uses it, or take another one: PORT={other}."
        case errno.EACCES:
            return f"Port {port} needs more rights than this user has. Take one above 1023, for example PORT=8000."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine."
    return f"Cannot listen on {host} port {port}: {error.strerror or error}"
