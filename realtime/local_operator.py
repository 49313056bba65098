"""The local operator: who everyone is while login is off, on the developer's own machine.

Turning login off is safe only as long as nobody but this machine's user can ask. A loopback address alone does not say
so: any web page in that user's browser reaches it too, directly or through a name that resolves to it (DNS rebinding).
Hence three conditions, checked for each request and each handshake.
"""

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings

from realtime import conf

if TYPE_CHECKING:
    from django.contrib.auth.models import User

USERNAME: Final = "operator"
HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS: Final = {"http": 80, "https": 443}
SECURE: Final = {"ws": "http", "wss": "https"}


def enabled() -> bool:
    """Return whether login is off, which it only ever is with DEBUG."""
    return bool(settings.DEBUG and not conf.value("AUTH_ENABLED"))


def refusal(*, peer: str | None, host: str | None, origin: str | None, scheme: str) -> str | None:
    """Return why a request may not act as the local operator, or None where it may.

    Args:
        peer: the address at the other end of the socket; never one out of a forwarded header.
        host: the `Host` header.
        origin: the `Origin` header, None where there is none, as with scripts and plain navigation.
        scheme: the connection's own: http, https, ws or wss.
    """
    if not _is_loopback(peer):
        return "Login is off, so only this machine itself is served. Turn it on with AUTH_ENABLED=true."
    scheme = SECURE.get(scheme, scheme)
    here = _place(f"{scheme}://{host}") if host else None
    if here is None or here[1] not in HOSTS:
        return "Login is off, so only the hosts localhost, 127.0.0.1 and [::1] are served."
    if origin is not None and _place(origin) != here:
        return "Login is off, so pages of another origin are refused."
    return None


def operator() -> "User":
    """Return the local operator's row, a superuser without a password; it is created at the first call."""
    from django.contrib.auth.models import User  # Not ready while Django loads the apps.

    rights = {"is_staff": True, "is_superuser": True, "password": "!"}  # What no password hashes to.  # nosec B105
    user, _ = User.objects.get_or_create(username=USERNAME, defaults=rights)
    return user


def _is_loopback(peer: str | None) -> bool:
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _place(url: str) -> tuple[str, str, int | None] | None:
    """Return an origin's scheme, host and port, or None where *url* is no bare origin."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname, port or PORTS.get(parts.scheme)
