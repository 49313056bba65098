"""System checks of what realtime relies on."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register

from realtime import conf, credentials


@register("security")
def check_sessions(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Warn of sessions whose end nobody is told of."""
    if hasattr(credentials.session_store(), "get_model_class"):
        return []
    message = "SESSION_ENGINE keeps no sessions in the database: a logout does not end connections that are open."
    hint = "Use django.contrib.sessions.backends.db or cached_db."
    return [Warning(message, hint=hint, id="realtime.W001")]


@register("settings")
def check_lifetimes(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a default lifetime of tokens above the longest."""
    settings = conf.load()
    if settings.token_lifetime <= settings.token_max_lifetime:
        return []
    hint = "Lower API_TOKEN_LIFETIME or raise API_TOKEN_MAX_LIFETIME."
    return [Error("API_TOKEN_LIFETIME is above API_TOKEN_MAX_LIFETIME.", hint=hint, id="realtime.E001")]
