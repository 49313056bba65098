"""Settings of this deployment, read from the environment; docs/settings.md describes each variable."""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from aether import __version__, caches, logs
from aether.administration import look
from aether.environment import Environment
from realtime.keys import channel_layer_keys

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = Environment(BASE_DIR / ".env")

DEBUG = ENVIRONMENT.switch("DEBUG", default=False)
AUTH_ENABLED = ENVIRONMENT.switch("AUTH_ENABLED", default=True)
DUMMY_DATA = ENVIRONMENT.switch("DUMMY_DATA", default=False)
APP_NAME = ENVIRONMENT.text("APP_NAME", default="Aether")
ENVIRONMENT_NAME = ENVIRONMENT.text("ENVIRONMENT_NAME", default="Development" if DEBUG else "Production")
LOG_LEVEL = ENVIRONMENT.choice("LOG_LEVEL", logs.LEVELS, default="INFO")
LOG_FORMAT = ENVIRONMENT.choice("LOG_FORMAT", logs.FORMATS, default="AUTO")
if LOG_FORMAT == "AUTO":
    LOG_FORMAT = "CONSOLE" if DEBUG else "JSON"
LOGGING = logs.config(LOG_LEVEL, LOG_FORMAT)
APP_VERSION = __version__
BUILD_COMMIT = ENVIRONMENT.text("BUILD_COMMIT")
BUILD_TIME = ENVIRONMENT.text("BUILD_TIME")

SECRET_KEY = ENVIRONMENT.text("SECRET_KEY")
SECRET_KEY_IS_TEMPORARY = DEBUG and not SECRET_KEY
if SECRET_KEY_IS_TEMPORARY:
    # In the environment, so that every process of one server signs its sessions alike.
    SECRET_KEY = os.environ["SECRET_KEY"] = secrets.token_urlsafe(48)

# Only this machine's own names, until somebody says under which others it is reached.
ALLOWED_HOSTS = ENVIRONMENT.hosts("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.origins("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXIES = ENVIRONMENT.proxies("TRUSTED_PROXIES")
WORKERS = ENVIRONMENT.number("WORKERS", default=1, least=1)
GRACEFUL_TIMEOUT = ENVIRONMENT.number("GRACEFUL_TIMEOUT", default=10, least=1)

# Times are in seconds and sizes in bytes; realtime.conf says what each one bounds.
WEBSOCKET_TIMEOUT = ENVIRONMENT.number("WEBSOCKET_TIMEOUT", default=1800, least=1)
WEBSOCKET_PING_INTERVAL = ENVIRONMENT.number("WEBSOCKET_PING_INTERVAL", default=30, least=1)
WEBSOCKET_REFRESH_TIME = ENVIRONMENT.number("WEBSOCKET_REFRESH_TIME", default=1500, least=1)
WEBSOCKET_MAX_FRAME = ENVIRONMENT.number("WEBSOCKET_MAX_FRAME", default=256 * 1024, least=1024)
WEBSOCKET_SEND_BUFFER = ENVIRONMENT.number("WEBSOCKET_SEND_BUFFER", default=1024 * 1024, least=64 * 1024)
WEBSOCKET_COMPRESSION = ENVIRONMENT.switch("WEBSOCKET_COMPRESSION", default=True)
WEBSOCKET_COMPRESSION_FROM = ENVIRONMENT.number("WEBSOCKET_COMPRESSION_FROM", default=1024)
WEBSOCKET_AUTH_TIMEOUT = ENVIRONMENT.number("WEBSOCKET_AUTH_TIMEOUT", default=10, least=1)
WEBSOCKET_INITIAL_GRACE = ENVIRONMENT.number("WEBSOCKET_INITIAL_GRACE", default=30)

# What one user, one address and one node may have at most; 0 stands for no limit.
LIMIT_CONNECTIONS = ENVIRONMENT.number("LIMIT_CONNECTIONS", default=10_000)
LIMIT_CONNECTIONS_PER_USER = ENVIRONMENT.number("LIMIT_CONNECTIONS_PER_USER", default=100)
LIMIT_CONNECTIONS_PER_IP = ENVIRONMENT.number("LIMIT_CONNECTIONS_PER_IP", default=1_000)
LIMIT_CONNECTS_PER_IP = ENVIRONMENT.number("LIMIT_CONNECTS_PER_IP", default=50)
LIMIT_MESSAGES = ENVIRONMENT.number("LIMIT_MESSAGES", default=50)
LIMIT_TOPICS = ENVIRONMENT.number("LIMIT_TOPICS", default=200)
LIMIT_LEASE_TIME = ENVIRONMENT.number("LIMIT_LEASE_TIME", default=30, least=3)
HANDSHAKE_TIMEOUT = ENVIRONMENT.number("HANDSHAKE_TIMEOUT", default=10, least=1)
REQUEST_TIMEOUT = ENVIRONMENT.number("REQUEST_TIMEOUT", default=30, least=1)

# Requests to REST per minute, by user group; of several the largest counts.
THROTTLES = {
    "anonymous": ENVIRONMENT.number("THROTTLE_ANONYMOUS", default=120),
    "Reader": ENVIRONMENT.number("THROTTLE_READER", default=1_200),
    "Writer": ENVIRONMENT.number("THROTTLE_WRITER", default=3_000),
    "Admin": ENVIRONMENT.number("THROTTLE_ADMIN", default=6_000),
}

# How far back a client that was away goes on without gaps; from further back it gets a snapshot.
REALTIME_REPLAY_LIMIT = ENVIRONMENT.number("REALTIME_REPLAY_LIMIT", default=5_000)
REALTIME_WINDOW_COUNT = ENVIRONMENT.number("REALTIME_WINDOW_COUNT", default=5_000)
REALTIME_WINDOW_SIZE = ENVIRONMENT.number("REALTIME_WINDOW_SIZE", default=4 * 1024 * 1024)
REALTIME_HISTORY_COUNT = ENVIRONMENT.number("REALTIME_HISTORY_COUNT", default=100_000)
REALTIME_HISTORY_AGE = ENVIRONMENT.number("REALTIME_HISTORY_AGE", default=7 * 86_400)

# Who may read /metrics without an account, and where workers put their numbers together; `serve` names a directory.
METRICS_TOKEN = ENVIRONMENT.text("METRICS_TOKEN").strip()
METRICS_DIRECTORY = ENVIRONMENT.text("METRICS_DIRECTORY")

AUDIT_RETENTION = ENVIRONMENT.number("AUDIT_RETENTION", default=90 * 86_400)

# API tokens: knox makes and hashes them, realtime.ApiToken stores them, and knox's own table does not exist.
API_TOKEN_LIFETIME = ENVIRONMENT.number("API_TOKEN_LIFETIME", default=90 * 86_400, least=1)
API_TOKEN_MAX_LIFETIME = ENVIRONMENT.number("API_TOKEN_MAX_LIFETIME", default=365 * 86_400, least=1)
KNOX_TOKEN_MODEL = "realtime.ApiToken"  # noqa: S105  The name of a model.  # nosec B105
REST_KNOX = {"TOKEN_PREFIX": "aether_"}  # A secret that a scanner of repositories can tell.  # nosec B105
MIGRATION_MODULES: dict[str, str | None] = {"knox": None}

NOTIFICATION_SNAPSHOT_SIZE = ENVIRONMENT.number("NOTIFICATION_SNAPSHOT_SIZE", default=100, least=1)
# More than so many of one kind within so many seconds are one entry of a list; 0: never.
NOTIFICATION_STORM_COUNT = ENVIRONMENT.number("NOTIFICATION_STORM_COUNT", default=20)
NOTIFICATION_STORM_SECONDS = ENVIRONMENT.number("NOTIFICATION_STORM_SECONDS", default=60)
NOTIFICATION_CATEGORIES = ENVIRONMENT.texts("NOTIFICATION_CATEGORIES")

# Seconds after which a host that reports nothing is disconnected; 0: never.
INVENTORY_HOST_TIMEOUT = ENVIRONMENT.number("INVENTORY_HOST_TIMEOUT", default=300)

# Jobs: how long they and what they printed are kept, how much of it, and when a silent runner counts as lost.
JOB_RETENTION = ENVIRONMENT.number("JOB_RETENTION", default=30 * 86_400, least=60)
JOB_OUTPUT_RETENTION = ENVIRONMENT.number("JOB_OUTPUT_RETENTION", default=7 * 86_400, least=60)
JOB_OUTPUT_SIZE = ENVIRONMENT.number("JOB_OUTPUT_SIZE", default=64 * 1024 * 1024, least=1024 * 1024)
JOB_HEARTBEAT_TIMEOUT = ENVIRONMENT.number("JOB_HEARTBEAT_TIMEOUT", default=60, least=15)

# Rules: the pause after which the same is news again, from how many at once they are told as one, and how long jobs may
# take (0: for ever), by type where one is named.
RULE_CALM = ENVIRONMENT.number("RULE_CALM", default=900, least=1)
RULE_STORM = ENVIRONMENT.number("RULE_STORM", default=20, least=1)
JOB_TIME_LIMIT = ENVIRONMENT.number("JOB_TIME_LIMIT", default=0)
JOB_TIME_LIMITS = ENVIRONMENT.numbers("JOB_TIME_LIMITS")
CONFIGURATION_NOTICE = ENVIRONMENT.switch("CONFIGURATION_NOTICE", default=True)

INSTALLED_APPS = [
    "aether.apps.DaphneConfig",
    "unfold",  # Before the admin, whose site and templates it replaces.
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth.account",  # Single sign-on's tables need it; none of its pages is served.
    "allauth.socialaccount",
    "axes",
    "channels",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "realtime",
    "notifications",
    "aether",
    "aether.login",
    "aether.inventory",
    "aether.jobs",
    "aether.rules",
    "aether.administration",  # Last: it takes over what the others registered in the admin.
]
MIDDLEWARE = [
    "aether.middleware.AuditMiddleware",
    "aether.content_security.ContentSecurityMiddleware",
    "aether.middleware.HealthMiddleware",
    "aether.middleware.LocalOperatorMiddleware",
    "aether.middleware.KnownHostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "aether.middleware.StaticFilesMiddleware",
    "realtime.api.throttling.RateLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "aether.middleware.LoginRequiredMiddleware",
    "aether.middleware.DatabaseAwayMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "aether.administration.zones.TimeZoneMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "aether.urls"
ASGI_APPLICATION = "aether.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

VAR_DIR = BASE_DIR / "var"
_database: dict[str, Any] = ENVIRONMENT.database("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'aether.sqlite3'}")
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if Path(_database["NAME"]).parent == VAR_DIR:
        VAR_DIR.mkdir(exist_ok=True)
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        **_database.get("OPTIONS", {}),
    }
    # A file, because threads cannot share an in-memory database without table locks.
    _database["TEST"] = {"NAME": f"{_database['NAME']}.test"}
else:
    _pool_size = ENVIRONMENT.number("DATABASE_POOL_SIZE", default=20, least=4)
    _patience = ENVIRONMENT.number("DATABASE_TIMEOUT", default=3, least=1)
    _database["OPTIONS"] = {
        # Given up early, an attempt to reconnect starts anew at once; else its pauses double for as long as an outage.
        "pool": {"min_size": 2, "max_size": _pool_size, "timeout": _patience, "reconnect_timeout": 1},
        "connect_timeout": _patience,
        **_database.get("OPTIONS", {}),
    }
    _database["CONN_HEALTH_CHECKS"] = True  # After a restart of the database, the pool hands out no dead connection.
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The channel layer: a node has one channel, which all of its clients share, hence the capacity.
REDIS_URL = ENVIRONMENT.redis("REDIS_URL")
REDIS_PREFIX = ENVIRONMENT.text("REDIS_PREFIX", default="aether")
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
        "CONFIG": {"capacity": 10_000, "expiry": 60},
    }
}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_PREFIX},
    }

CACHES = {"default": caches.default(REDIS_URL, REDIS_PREFIX)}

# Sensitive text and the channel layer are encrypted with keys that are derived from these; the first one encrypts.
ENCRYPTION_KEYS = ENVIRONMENT.keys("ENCRYPTION_KEYS")
if REDIS_URL and ENCRYPTION_KEYS:
    CHANNEL_LAYERS["default"]["CONFIG"]["symmetric_encryption_keys"] = channel_layer_keys(ENCRYPTION_KEYS)

# Language and time: the wire and the API speak UTC; the browser shows the reader's own.
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

UNFOLD = look.UNFOLD

# Static files: straight from the sources in DEBUG, collected, hashed and compressed otherwise.
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(ENVIRONMENT.text("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "aether.storage.ModuleStaticFilesStorage"
    },
}

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

AUTHENTICATION_BACKENDS = ["aether.login.backends.PasswordGate", "django.contrib.auth.backends.ModelBackend"]

# Wrong passwords: one name from one address, or any names from one address, then both wait.
LOGIN_ATTEMPTS = ENVIRONMENT.number("LOGIN_ATTEMPTS", default=5, least=1)
LOGIN_ATTEMPTS_PER_ADDRESS = ENVIRONMENT.number("LOGIN_ATTEMPTS_PER_ADDRESS", default=50, least=1)
LOGIN_COOLOFF = ENVIRONMENT.number("LOGIN_COOLOFF", default=900, least=1)
AXES_HANDLER = "aether.login.attempts.Attempts"
AXES_CLIENT_IP_CALLABLE = "aether.login.attempts.address"
AXES_LOCKOUT_CALLABLE = "aether.login.views.locked_out"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_FAILURE_LIMIT = LOGIN_ATTEMPTS
AXES_COOLOFF_TIME = timedelta(seconds=LOGIN_COOLOFF)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # The page says how long to wait, which then must hold.
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]

# Single sign-on, where issuer, id and secret are given; the redirect URI is /accounts/oidc/callback/.
OIDC_ISSUER = ENVIRONMENT.text("OIDC_ISSUER").strip().rstrip("/")
OIDC_CLIENT_ID = ENVIRONMENT.text("OIDC_CLIENT_ID").strip()
OIDC_CLIENT_SECRET = ENVIRONMENT.text("OIDC_CLIENT_SECRET").strip()
OIDC_ENABLED = bool(OIDC_ISSUER and OIDC_CLIENT_ID and OIDC_CLIENT_SECRET)
OIDC_ONLY = ENVIRONMENT.switch("OIDC_ONLY", default=False)
OIDC_NAME = ENVIRONMENT.text("OIDC_NAME", default="single sign-on")
OIDC_SCOPES = ENVIRONMENT.texts("OIDC_SCOPES", default=["profile", "email"])
OIDC_ROLES_CLAIM = ENVIRONMENT.text("OIDC_ROLES_CLAIM", default="groups")
_roles = ("Reader", "Writer", "Admin")
OIDC_ROLES = ENVIRONMENT.mapping("OIDC_ROLES", _roles, default=[f"{role}={role}" for role in _roles])
OIDC_DEFAULT_ROLE = ENVIRONMENT.text("OIDC_DEFAULT_ROLE").strip()
OIDC_SESSION_AGE = ENVIRONMENT.number("OIDC_SESSION_AGE", default=12 * 3600, least=60)
SOCIALACCOUNT_ADAPTER = "aether.login.oidc.Adapter"

# Transport security; HTTPS=false is for a network without certificates.
HTTPS = ENVIRONMENT.switch("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = ENVIRONMENT.number("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SESSION_ENGINE = "aether.sessions"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    # The browser takes such a name from this very host over https alone: no neighbour below the same domain can set it.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "realtime.api.problems.csrf_failure"
# Both would bind the domain's other hosts, which are not this project's to decide about.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "realtime.api.authentication.LocalOperatorAuthentication",
        "realtime.api.authentication.TokenAuthentication",
        "realtime.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["realtime.api.throttling.RoleThrottle"],
    "NUM_PROXIES": 0,  # The server has put the client's address in place already, from TRUSTED_PROXIES alone.
    "DEFAULT_PARSER_CLASSES": ["realtime.api.parsing.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "realtime.api.problems.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNICODE_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{APP_NAME} API",
    "DESCRIPTION": "Notifications that reach every open browser the moment they are committed.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "realtime.api.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "JobStatus": "aether.jobs.states.Status.choices",
        "NewJobStatus": "aether.jobs.states.BEGINNING",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    # From the sidecar's static files, so that the docs load without internet.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
