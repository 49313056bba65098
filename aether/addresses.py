"""What the settings that list hosts, proxies and origins take; each function tells what is wrong with one entry."""

import re
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

HOST: Final = re.compile(r"\*|\.?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f]*:[0-9a-f.:]+\]", re.IGNORECASE)
HOST_HINT: Final = "Write the bare name or address, as in ALLOWED_HOSTS=aether.example.org,192.0.2.7,[2001:db8::7]."
PROXY_HINT: Final = "Write the proxies' own addresses or networks, as in TRUSTED_PROXIES=10.0.0.2,10.1.0.0/16."
ORIGIN_HINT: Final = "Write scheme and name, as in CSRF_TRUSTED_ORIGINS=https://portal.example.org."
WEB: Final = frozenset({"http", "https"})


def wrong_host(entry: str) -> str | None:
    """Return why *entry* would never equal the name in a Host header, or None where it may."""
    if "/" in entry:
        return "has a scheme or a path"
    if HOST.fullmatch(entry):
        return None
    if re.search(r":\d+$", entry) and HOST.fullmatch(entry.rpartition(":")[0]):
        return "has a port"
    return "is neither a host name nor an address (an IPv6 address stands in brackets)"


def wrong_proxy(entry: str) -> str | None:
    """Return why *entry* is no proxy that the server could know by its address, or None where it is one.

    uvicorn would take anything else as the name of a Unix socket, in silence, and `*` as leave for every client to
    choose the address and the scheme that it is seen with.
    """
    if entry == "*":
        return "trusts every client to say who it is"
    try:
        network = ip_network(entry)
    except ValueError:
        return "is neither an IP address nor a network (whose address ends with zeros)"
    return None if network.prefixlen else "trusts every client to say who it is"


def wrong_origin(entry: str) -> str | None:
    """Return why *entry* would never equal an Origin header, or None where it may."""
    try:
        parts = urlsplit(entry)
        parts.port  # noqa: B018  Reading it is what checks it.
    except ValueError:
        return "cannot be read as an origin"
    if parts.scheme not in WEB or not parts.hostname:
        return "has no scheme, or another one than http and https"
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        return "has more than scheme, name and port"
    return None
