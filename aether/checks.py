"""System checks of the settings: each names the variable that is wrong and what to write instead."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from aether.login.checks import check_login

SHORTEST_KEY: Final = 32
LIMITS: Final = (
    "LIMIT_CONNECTIONS",
    "LIMIT_CONNECTIONS_PER_USER",
    "LIMIT_CONNECTIONS_PER_IP",
    "LIMIT_CONNECTS_PER_IP",
    "LIMIT_MESSAGES",
    "LIMIT_TOPICS",
)
IN_MEMORY: Final = "channels.layers.InMemoryChannelLayer"


@register("settings")
def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Return what is wrong with the settings."""
    return [
        *_malformed(), *_secret_key(), *_login(), *check_login(), *_times(), *_workers(), *_hosts(), *_limits(),
    ]  # fmt: skip


def refuse_bad_settings() -> None:
    """Raise ImproperlyConfigured with every error; for servers that do not run the system checks themselves."""
    errors = [message for message in check_settings(None) if message.is_serious()]
    if errors:
        raise ImproperlyConfigured("\n".join(f"{error.msg} {error.hint}" for error in errors))


def _malformed() -> Iterator[CheckMessage]:
    for problem in settings.ENVIRONMENT.problems:
        yield Error(problem.message, hint=problem.hint, id="aether.E001")


def _secret_key() -> Iterator[CheckMessage]:
    # Not through settings, which raise an exception of their own where the key is empty.
    key = settings.ENVIRONMENT.text("SECRET_KEY")
    make = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if settings.DEBUG:
        if settings.SECRET_KEY_IS_TEMPORARY:
            hint = "Write SECRET_KEY into .env; `make run` does so."
            yield Warning("SECRET_KEY is not set: sessions end with this process.", hint=hint, id="aether.W001")
    elif not key:
        yield Error("SECRET_KEY is not set, and DEBUG is false.", hint=f"Set SECRET_KEY; {make}", id="aether.E002")
    elif len(key) < SHORTEST_KEY:
        message = f"SECRET_KEY has {len(key)} characters; it needs at least {SHORTEST_KEY}."
        yield Error(message, hint=f"Set a longer one; {make}", id="aether.E003")


def _login() -> Iterator[CheckMessage]:
    if not settings.AUTH_ENABLED and not settings.DEBUG:
        hint = "Remove AUTH_ENABLED=false; on your own machine, set DEBUG=true."
        yield Error("AUTH_ENABLED=false works only with DEBUG=true.", hint=hint, id="aether.E004")


def _times() -> Iterator[CheckMessage]:
    timeout = settings.WEBSOCKET_TIMEOUT
    for name in ("WEBSOCKET_REFRESH_TIME", "WEBSOCKET_PING_INTERVAL"):
        if (value := getattr(settings, name)) >= timeout:
            message = f"{name} ({value} s) is not below WEBSOCKET_TIMEOUT ({timeout} s): connections end before it."
            yield Error(message, hint=f"Lower {name} or raise WEBSOCKET_TIMEOUT.", id="aether.E005")


def _workers() -> Iterator[CheckMessage]:
    if settings.WORKERS > 1 and settings.CHANNEL_LAYERS["default"]["BACKEND"] == IN_MEMORY:
        message = f"{settings.WORKERS} workers cannot reach each other over the in-memory channel layer."
        yield Error(message, hint="Set REDIS_URL, or use one worker.", id="aether.E006")


def _hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        hint = "List the names under which the server is reached, for example ALLOWED_HOSTS=aether.example.org."
        yield Warning("ALLOWED_HOSTS=* accepts any Host header.", hint=hint, id="aether.W002")


def _limits() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        return
    limits = {name: getattr(settings, name) for name in LIMITS}
    limits |= {f"THROTTLE_{role.upper()}": limit for role, limit in settings.THROTTLES.items()}
    for name in (name for name, limit in limits.items() if not limit):
        hint = f"Remove {name}=0 to have its default, or write a number that nobody reaches in earnest."
        yield Warning(f"{name}=0: there is no such limit.", hint=hint, id="aether.W010")
    node, user = limits["LIMIT_CONNECTIONS"], limits["LIMIT_CONNECTIONS_PER_USER"]
    if node and not 0 < user <= node:
        message = f"One user may take all of a node's connections (LIMIT_CONNECTIONS_PER_USER={user})."
        yield Warning(message, hint=f"Set it well below LIMIT_CONNECTIONS={node}.", id="aether.W011")


@register("settings", deploy=True)
def check_audit(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Return a warning where security events leave no trace in the database."""
    if settings.AUDIT_RETENTION:
        return []
    hint = "Set AUDIT_RETENTION to the seconds for which security events shall be found in the admin."
    return [Warning("AUDIT_RETENTION=0: security events leave no rows.", hint=hint, id="aether.W003")]
