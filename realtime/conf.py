"""The settings of realtime, read from Django's settings; docs/settings.md describes each."""

import os
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

DEFAULTS: Final[dict[str, Any]] = {
    "AUTH_ENABLED": True,
    "WORKERS": 1,
    "GRACEFUL_TIMEOUT": 10,
    "TRUSTED_PROXIES": (),
    "WEBSOCKET_COMPRESSION": True,
    "WEBSOCKET_MAX_FRAME": 256 * 1024,
    "LIMIT_CONNECTIONS": 10_000,
    "HANDSHAKE_TIMEOUT": 10,
    "REQUEST_TIMEOUT": 30,
    "METRICS_DIRECTORY": os.environ.get("METRICS_DIRECTORY", ""),  # `serve` tells its workers so.
    "THROTTLES": {"anonymous": 120, "Reader": 1_200, "Writer": 3_000, "Admin": 6_000},
}
"""What holds where the project's settings say nothing, of those that are asked for one by one."""


def value(name: str) -> Any:
    """Return the setting *name* as it is now."""
    return getattr(settings, name, DEFAULTS[name])


@dataclass(frozen=True, slots=True)
class Limits:
    """What one user, one address and one node may have at most; 0 stands for no limit."""

    connections: int
    """Of a node: WebSockets, event streams and polls together."""
    connections_per_user: int
    connections_per_ip: int
    """On all nodes; while the store is away, on each."""
    connects_per_ip: int
    """Per second, on each node."""
    messages: int
    """Of one client, per second."""
    topics: int
    """Of one connection."""
    lease_time: float
    """Seconds after which the connections of a node that crashed count no more."""
    store: str
    """The URL of the Redis or Valkey server through which nodes count together; empty where a node counts alone."""
    prefix: str


@dataclass(frozen=True, slots=True)
class Conf:
    """Times are in seconds, sizes in bytes."""

    timeout: float
    """A connection that is older than this, or silent for as long, is closed with 1000."""
    ping_interval: float
    refresh_time: float
    max_frame: int
    """The longest message a client may send."""
    send_buffer: int
    """What may wait for one slow client before it is closed with 4100."""
    compress_from: int
    """The least size of a compressed message; shorter ones, and those of one client alone, go as they are."""
    auth_timeout: float
    """How long a connection without credentials has for its `auth` message."""
    initial_grace: float
    """How long after its initial state a first subscription still continues from there."""
    replay_limit: int
    """Publications that are replayed at most; a client further behind gets a snapshot."""
    window_count: int
    window_size: int
    """The most recent publications that a node keeps of each stream, by number and by characters."""
    history_count: int
    history_age: float
    """How many publications of each stream stay in the database, and for how long."""
    audit_retention: float
    """How long the audit's rows stay in the database; 0 keeps none."""
    token_lifetime: float
    token_max_lifetime: float
    """How long an API token lasts where nobody says, and at most."""
    metrics_token: str
    """What a scraper sends to read /metrics; empty where only people with the permission may."""
    metrics_directory: str
    """Where the workers behind one address write their numbers down; empty where there is one alone."""
    limits: Limits


def load() -> Conf:
    """Return the settings as they are now."""
    return Conf(
        timeout=getattr(settings, "WEBSOCKET_TIMEOUT", 1800),
        ping_interval=getattr(settings, "WEBSOCKET_PING_INTERVAL", 30),
        refresh_time=getattr(settings, "WEBSOCKET_REFRESH_TIME", 1500),
        max_frame=value("WEBSOCKET_MAX_FRAME"),
        send_buffer=getattr(settings, "WEBSOCKET_SEND_BUFFER", 1024 * 1024),
        compress_from=getattr(settings, "WEBSOCKET_COMPRESSION_FROM", 1024),
        auth_timeout=getattr(settings, "WEBSOCKET_AUTH_TIMEOUT", 10),
        initial_grace=getattr(settings, "WEBSOCKET_INITIAL_GRACE", 30),
        replay_limit=getattr(settings, "REALTIME_REPLAY_LIMIT", 5_000),
        window_count=getattr(settings, "REALTIME_WINDOW_COUNT", 5_000),
        window_size=getattr(settings, "REALTIME_WINDOW_SIZE", 4 * 1024 * 1024),
        history_count=getattr(settings, "REALTIME_HISTORY_COUNT", 100_000),
        history_age=getattr(settings, "REALTIME_HISTORY_AGE", 7 * 86_400),
        audit_retention=getattr(settings, "AUDIT_RETENTION", 90 * 86_400),
        token_lifetime=getattr(settings, "API_TOKEN_LIFETIME", 90 * 86_400),
        token_max_lifetime=getattr(settings, "API_TOKEN_MAX_LIFETIME", 365 * 86_400),
        metrics_token=getattr(settings, "METRICS_TOKEN", ""),
        metrics_directory=value("METRICS_DIRECTORY"),
        limits=_limits(),
    )


def _limits() -> Limits:
    return Limits(
        connections=value("LIMIT_CONNECTIONS"),
        connections_per_user=getattr(settings, "LIMIT_CONNECTIONS_PER_USER", 100),
        connections_per_ip=getattr(settings, "LIMIT_CONNECTIONS_PER_IP", 1_000),
        connects_per_ip=getattr(settings, "LIMIT_CONNECTS_PER_IP", 50),
        messages=getattr(settings, "LIMIT_MESSAGES", 50),
        topics=getattr(settings, "LIMIT_TOPICS", 200),
        lease_time=getattr(settings, "LIMIT_LEASE_TIME", 30),
        store=getattr(settings, "REDIS_URL", ""),
        prefix=getattr(settings, "REDIS_PREFIX", "aether"),
    )
