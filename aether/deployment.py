"""System checks of `check --deploy`: settings that work, and that others could make use of.

Django's own checks run beside these and speak of Django's names; these name the variable that somebody wrote. What
contradicts itself is an error of aether.checks, with or without `--deploy`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

DAY: Final = 86_400
MIB: Final = 1024 * 1024
OWN_NAMES: Final = (".internal", ".local", ".localhost", ".svc")
"""What names end with that only a network of one's own knows."""
ENCRYPTED: Final = frozenset({"require", "verify-ca", "verify-full"})
"""Values of PostgreSQL's sslmode with which nothing crosses in clear."""
WIDEST: Final = {4: 16, 6: 48}
"""The shortest prefix of a network whose addresses are plausibly all proxies, by version of IP."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a number is between in a safe deployment, and what happens outside of that."""

    name: str
    why: str
    least: int = 0
    most: int | None = None


BOUNDS: Final = (
    Bound("LOGIN_ATTEMPTS", "passwords can be guessed", most=100),
    Bound("LOGIN_ATTEMPTS_PER_ADDRESS", "one address can try many passwords", most=10_000),
    Bound("LOGIN_COOLOFF", "passwords can be guessed after a short wait", least=60),
    Bound("HANDSHAKE_TIMEOUT", "silent clients hold sockets for long", most=120),
    Bound("REQUEST_TIMEOUT", "slow clients hold sockets for long", most=600),
    Bound("WEBSOCKET_AUTH_TIMEOUT", "strangers hold connections for long", most=120),
    Bound("WEBSOCKET_MAX_FRAME", "one message can fill much memory", most=16 * MIB),
    Bound("WEBSOCKET_SEND_BUFFER", "one slow client can fill much memory", most=64 * MIB),
    Bound("API_TOKEN_MAX_LIFETIME", "a token that was lost works for years", most=731 * DAY),
    Bound("OIDC_SESSION_AGE", "who lost a role at the provider keeps it for long", most=31 * DAY),
)


@register(Tags.security, deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """Return a warning for each setting that is unsafe where others reach the server."""
    found = (_debug(), _https(), _names(), _proxies(), _database(), _redis(), _bounds())
    return [message for messages in found for message in messages]


def _debug() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        message = "DEBUG=true shows code and settings to whoever meets an error."
        yield Warning(message, hint="Remove DEBUG=true.", id="aether.W030")
    if not settings.AUTH_ENABLED:
        message = "AUTH_ENABLED=false makes everyone on this machine a superuser."
        yield Warning(message, hint="Remove AUTH_ENABLED=false.", id="aether.W031")


def _https() -> Iterator[CheckMessage]:
    if not settings.HTTPS:
        message = "HTTPS=false: passwords and sessions cross the network in clear."
        hint = "Put a proxy with a certificate in front, and write HTTPS=true; docs/proxies/ has examples."
        yield Warning(message, hint=hint, id="aether.W032")
    elif not settings.SECURE_HSTS_SECONDS:
        message = "HSTS_SECONDS=0: a browser's first request may go over http, where anyone on the way can change it."
        yield Warning(message, hint="Remove HSTS_SECONDS=0 once https works.", id="aether.W033")


def _names() -> Iterator[CheckMessage]:
    for host in settings.ALLOWED_HOSTS:
        if host.startswith(".") and "." not in host[1:]:
            message = f"ALLOWED_HOSTS has {host}, every name of a top-level domain."
            yield Warning(message, hint="List the names under which the server is reached.", id="aether.W034")
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if not origin.startswith("https://"):
            message = f"CSRF_TRUSTED_ORIGINS has {origin}: over http anyone on the way can write its pages."
            yield Warning(message, hint="Write it with https://, or remove it.", id="aether.W035")
        if "*" in origin:
            message = f"CSRF_TRUSTED_ORIGINS has {origin}: any host below that name may write."
            yield Warning(message, hint="List each origin by itself.", id="aether.W036")


def _proxies() -> Iterator[CheckMessage]:
    networks = [ip_network(entry) for entry in settings.TRUSTED_PROXIES]
    for network in networks:
        if network.prefixlen < WIDEST[network.version] and not network.is_loopback:
            message = f"TRUSTED_PROXIES has {network}: each of {network.num_addresses:,} addresses may say who it is."
            hint = f"List the proxies' own addresses, or a network of /{WIDEST[network.version]} at most."
            yield Warning(message, hint=hint, id="aether.W037")


def _database() -> Iterator[CheckMessage]:
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        if settings.WORKERS > 1:
            message = f"{settings.WORKERS} workers share one SQLite file: their writes wait for each other."
            hint = "Set DATABASE_URL=postgresql://…, or WORKERS=1."
            yield Warning(message, hint=hint, id="aether.W038")
    elif not _is_near(database.get("HOST") or "") and database.get("OPTIONS", {}).get("sslmode") not in ENCRYPTED:
        message = "DATABASE_URL: what is stored may cross a network that is not yours in clear."
        yield Warning(message, hint="Add ?sslmode=verify-full to DATABASE_URL.", id="aether.W039")


def _redis() -> Iterator[CheckMessage]:
    if not settings.REDIS_URL:
        return
    parts = urlsplit(settings.REDIS_URL)
    if parts.scheme == "redis" and not _is_near(parts.hostname or ""):
        message = "REDIS_URL: its password and counters cross a network that is not yours in clear."
        yield Warning(message, hint="Write rediss:// in REDIS_URL.", id="aether.W040")
    if parts.scheme == "rediss" and parse_qs(parts.query).get("ssl_cert_reqs", ["required"])[-1].lower() != "required":
        message = "REDIS_URL: the certificate is not verified, so anyone on the way can be that server."
        hint = "Remove ssl_cert_reqs; ssl_ca_certs=/path names an authority of your own."
        yield Warning(message, hint=hint, id="aether.W041")


def _bounds() -> Iterator[CheckMessage]:
    for bound in BOUNDS:
        value = getattr(settings, bound.name)
        if bound.most is not None and value > bound.most:
            hint = f"Write at most {bound.most}, or remove it to have its default."
        elif value < bound.least:
            hint = f"Write at least {bound.least}, or remove it to have its default."
        else:
            continue
        yield Warning(f"{bound.name}={value}: {bound.why}.", hint=hint, id="aether.W042")


def _is_near(host: str) -> bool:
    """Return whether *host* is this machine or in a network of one's own: a socket, a bare name, a private address."""
    if not host or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.lower().endswith(OWN_NAMES)
