"""Tests of `check --deploy`: each unsafe setting is named with its remedy, and safe ones are left in peace."""

import re
from typing import Any

import pytest
from django.test import override_settings

from aether.deployment import check_deployment
from realtime import keys
from tests.support.servers import ROOT, environment, manage

SAFE: dict[str, Any] = {
    "DEBUG": False,
    "AUTH_ENABLED": True,
    "HTTPS": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "ALLOWED_HOSTS": ["aether.example.org"],
    "CSRF_TRUSTED_ORIGINS": ["https://portal.example.org"],
    "TRUSTED_PROXIES": ["10.0.0.2", "10.244.0.0/16", "192.0.2.0/24", "2001:db8:1::/48", "fd00:1:2::/48"],
    "REDIS_URL": "redis://cache:6379/0",
}
POSTGRESQL = "django.db.backends.postgresql"
SQLITE = "django.db.backends.sqlite3"


def database(host: str, **options: str) -> dict[str, Any]:
    """Return a setting of PostgreSQL on *host*."""
    return {"DATABASES": {"default": {"ENGINE": POSTGRESQL, "HOST": host, "OPTIONS": options}}}


def found(**settings: Any) -> list[Any]:
    """Return what is found in safe settings with *settings* changed."""
    # Not with override_settings, which would tell of a database that is changed: nobody connects to this one.
    values = {**SAFE, **settings}
    databases = values.pop("DATABASES", None)
    with override_settings(**values), pytest.MonkeyPatch.context() as patch:
        if databases:
            from django.conf import settings as live

            patch.setattr(live, "DATABASES", databases)
        return check_deployment()


@pytest.mark.parametrize(
    ("settings", "expected", "remedy"),
    [
        ({"DEBUG": True}, "aether.W030", "Remove DEBUG=true"),
        ({"AUTH_ENABLED": False}, "aether.W031", "Remove AUTH_ENABLED=false"),
        ({"HTTPS": False}, "aether.W032", "HTTPS=true"),
        ({"SECURE_HSTS_SECONDS": 0}, "aether.W033", "Remove HSTS_SECONDS=0"),
        ({"ALLOWED_HOSTS": [".org"]}, "aether.W034", "List the names"),
        ({"CSRF_TRUSTED_ORIGINS": ["http://portal.example.org"]}, "aether.W035", "https://"),
        ({"CSRF_TRUSTED_ORIGINS": ["https://*.example.org"]}, "aether.W036", "each origin"),
        ({"TRUSTED_PROXIES": ["0.0.0.0/1"]}, "aether.W037", "own addresses"),
        ({"TRUSTED_PROXIES": ["128.0.0.0/1"]}, "aether.W037", "own addresses"),
        ({"TRUSTED_PROXIES": ["203.0.0.0/8"]}, "aether.W037", "own addresses"),
        ({"TRUSTED_PROXIES": ["2000::/3"]}, "aether.W037", "own addresses"),
        ({"TRUSTED_PROXIES": ["10.0.0.0/8"]}, "aether.W037", "/16 at most"),
        ({"TRUSTED_PROXIES": ["fc00::/7"]}, "aether.W037", "/48 at most"),
        ({"WORKERS": 2, "DATABASES": {"default": {"ENGINE": SQLITE}}}, "aether.W038", "postgresql://"),
        (database("db.example.org"), "aether.W039", "sslmode=verify-full"),
        (database("1.2.3.4", sslmode="prefer"), "aether.W039", "sslmode=verify-full"),
        ({"REDIS_URL": "redis://:secret@cache.example.org:6379/0"}, "aether.W040", "rediss://"),
        ({"REDIS_URL": "rediss://cache.example.org:6379/0?ssl_cert_reqs=none"}, "aether.W041", "ssl_cert_reqs"),
        ({"LOGIN_ATTEMPTS": 1_000}, "aether.W042", "at most 100"),
        ({"LOGIN_ATTEMPTS_PER_ADDRESS": 1_000_000}, "aether.W042", "at most 10000"),
        ({"LOGIN_COOLOFF": 1}, "aether.W042", "at least 60"),
        ({"HANDSHAKE_TIMEOUT": 3_600}, "aether.W042", "at most 120"),
        ({"REQUEST_TIMEOUT": 3_600}, "aether.W042", "at most 600"),
        ({"WEBSOCKET_AUTH_TIMEOUT": 3_600}, "aether.W042", "at most 120"),
        ({"WEBSOCKET_MAX_FRAME": 1 << 30}, "aether.W042", "at most 16777216"),
        ({"WEBSOCKET_SEND_BUFFER": 1 << 30}, "aether.W042", "at most 67108864"),
        ({"API_TOKEN_MAX_LIFETIME": 10 * 365 * 86_400}, "aether.W042", "at most 63158400"),
        ({"OIDC_SESSION_AGE": 365 * 86_400}, "aether.W042", "at most 2678400"),
    ],
)
def test_what_is_unsafe_is_named_with_its_remedy(settings: dict[str, Any], expected: str, remedy: str) -> None:
    """One unsafe setting is one warning, which says what to write instead and gives no secret away."""
    (warning,) = found(**settings)
    assert warning.id == expected
    assert remedy in warning.hint
    assert "secret" not in warning.msg


@pytest.mark.parametrize(
    "settings",
    [
        {},
        database("db"),
        database(""),
        database("/run/postgresql"),
        database("127.0.0.1"),
        database("10.0.0.5"),
        database("db.internal"),
        database("db.aether.svc.cluster.local"),
        database("db.example.org", sslmode="require"),
        database("db.example.org", sslmode="verify-full"),
        {"TRUSTED_PROXIES": ["192.168.0.0/16", "127.0.0.0/8"]},
        {"REDIS_URL": ""},
        {"REDIS_URL": "unix:///run/valkey.sock"},
        {"REDIS_URL": "redis://127.0.0.1:6379/0"},
        {"REDIS_URL": "redis://[::1]:6379/0"},
        {"REDIS_URL": "rediss://cache.example.org:6379/0"},
    ],
)
def test_nothing_is_said_of_what_is_safe(settings: dict[str, Any]) -> None:
    """A machine of one's own, a private network, and TLS are no reason for a warning."""
    assert found(**settings) == []


FROM_THE_ENVIRONMENT = {
    "DEBUG": ("true", "DEBUG=true shows code"),
    "HTTPS": ("false", "HTTPS=false: passwords"),
    "HSTS_SECONDS": ("0", "HSTS_SECONDS=0: a browser"),
    "ALLOWED_HOSTS": ("*", "ALLOWED_HOSTS=* accepts any"),
    "SECRET_KEY": ("0123456789" * 4, "SECRET_KEY"),
    "CSRF_TRUSTED_ORIGINS": ("http://portal.example.org", "CSRF_TRUSTED_ORIGINS has http://portal"),
    "TRUSTED_PROXIES": ("0.0.0.0/1,128.0.0.0/1", "TRUSTED_PROXIES has 128.0.0.0/1"),
    "ENCRYPTION_KEYS": ("", "ENCRYPTION_KEYS is not set"),
    "DATABASE_URL": ("postgresql://a:b@db.example.org/aether", "DATABASE_URL: what is stored"),
    "LIMIT_CONNECTIONS_PER_USER": ("0", "LIMIT_CONNECTIONS_PER_USER=0: there is no such limit"),
    "THROTTLE_ANONYMOUS": ("0", "THROTTLE_ANONYMOUS=0: there is no such limit"),
    "LOGIN_COOLOFF": ("1", "LOGIN_COOLOFF=1: passwords"),
    "OIDC_DEFAULT_ROLE": ("Admin", "OIDC_DEFAULT_ROLE=Admin: everyone"),
}


def production(file: str) -> dict[str, str]:
    """Return the variables of the production example in *file*, with what its dots stand for."""
    text = (ROOT / "docs" / file).read_text()
    (block,) = (block for block in re.findall(r"```sh\n(.*?)```", text, re.S) if block.startswith("SECRET_KEY="))
    variables = dict(line.split("=", 1) for line in block.strip().splitlines())
    made = {
        "SECRET_KEY": "Zm9yLXRoaXMtdGVzdC1vbmx5LTAxMjM0NTY3ODktYWJjZGVmZ2hpamts",
        "ENCRYPTION_KEYS": keys.generate(),
    }
    assert made.keys() <= variables.keys()
    return {"DEBUG": "", "AUTH_ENABLED": "", **variables, **made}


@pytest.mark.parametrize("file", ["settings.md", "operations.md"])
def test_the_docs_example_has_no_findings(file: str) -> None:
    """Who copies the production example of the docs is told that nothing is wrong with it."""
    variables = production(file)
    assert "no issues" in manage("check", "--deploy", "--fail-level", "WARNING", env=environment(**variables))


def test_everything_unsafe_at_once_is_named() -> None:
    """`check --deploy` reads the variables themselves, and ends with an error where --fail-level says so."""
    unsafe = {name: value for name, (value, _) in FROM_THE_ENVIRONMENT.items() if name != "DEBUG"}
    variables = {**production("settings.md"), **unsafe}
    printed = manage("check", "--deploy", env=environment(**variables), check=False)
    https = manage("check", "--deploy", env=environment(**{**variables, "HTTPS": "true", "DEBUG": "true"}), check=False)
    missing = [shown for _, shown in FROM_THE_ENVIRONMENT.values() if shown not in printed + https]
    assert missing == []


JUDGED = set(re.findall(r'Bound\("([A-Z_]+)"', (ROOT / "aether" / "deployment.py").read_text())) | {
    *FROM_THE_ENVIRONMENT, "AUTH_ENABLED", "WORKERS", "REDIS_URL", "OIDC_ISSUER", "API_TOKEN_LIFETIME",
    "LIMIT_CONNECTIONS", "LIMIT_CONNECTIONS_PER_IP", "LIMIT_CONNECTS_PER_IP", "LIMIT_MESSAGES", "LIMIT_TOPICS",
    "THROTTLE_READER", "THROTTLE_WRITER", "THROTTLE_ADMIN", "OIDC_ONLY", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET",
    "WEBSOCKET_REFRESH_TIME", "WEBSOCKET_PING_INTERVAL", "AUDIT_RETENTION", "METRICS_TOKEN",
}  # fmt: skip
HARMLESS = {
    # Names, words and places.
    "APP_NAME", "ENVIRONMENT_NAME", "BUILD_COMMIT", "BUILD_TIME", "AETHER_ENV_FILE", "STATIC_ROOT", "HOST", "PORT",
    "METRICS_DIRECTORY",
    "REDIS_PREFIX", "NOTIFICATION_CATEGORIES", "OIDC_NAME", "OIDC_SCOPES", "OIDC_ROLES", "OIDC_ROLES_CLAIM",
    # How much is told, loaded or kept; no text and no secret is ever in the log.
    "DUMMY_DATA", "LOG_LEVEL", "LOG_FORMAT", "NOTIFICATION_SNAPSHOT_SIZE", "REALTIME_HISTORY_COUNT",
    "REALTIME_HISTORY_AGE", "REALTIME_REPLAY_LIMIT", "REALTIME_WINDOW_COUNT", "REALTIME_WINDOW_SIZE",
    "JOB_RETENTION", "JOB_OUTPUT_RETENTION", "JOB_OUTPUT_SIZE", "JOB_HEARTBEAT_TIMEOUT",
    # How long is waited for whom; nobody gains by it.
    "DATABASE_POOL_SIZE", "DATABASE_TIMEOUT", "GRACEFUL_TIMEOUT", "LIMIT_LEASE_TIME", "WEBSOCKET_TIMEOUT",
    "WEBSOCKET_INITIAL_GRACE", "INVENTORY_HOST_TIMEOUT",
    # What is told, and when; the checks themselves run all the same.
    "RULE_CALM", "RULE_STORM", "JOB_TIME_LIMIT", "JOB_TIME_LIMITS", "CONFIGURATION_NOTICE",
    # How messages are packed; none has a secret beside what somebody else wrote.
    "WEBSOCKET_COMPRESSION", "WEBSOCKET_COMPRESSION_FROM",
}  # fmt: skip


def test_every_setting_was_thought_about() -> None:
    """A new setting is either judged by a check, or listed here as one whose values harm nobody."""
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "docs" / "settings.md").read_text(), re.M)
    names = {name for row in rows for name in re.findall(r"[A-Z_]+", row)}
    assert len(names) > 60
    assert names - JUDGED - HARMLESS == set()
    assert not JUDGED & HARMLESS
