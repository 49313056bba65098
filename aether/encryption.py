"""What the keys of ENCRYPTION_KEYS protect beside the database, and the check that tells where they are missing."""

from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from realtime import keys

IN_CLEAR: Final = "Messages cross Redis or Valkey in clear: ENCRYPTION_KEYS is not set."


@register(Tags.security, deploy=True)
def channel_layer_is_encrypted(**_: Any) -> list[CheckMessage]:
    """Warn where nodes reach each other over a server that could read, or make up, what they say."""
    config = settings.CHANNEL_LAYERS["default"].get("CONFIG", {})
    if not settings.REDIS_URL or config.get("symmetric_encryption_keys"):
        return []
    return [Warning(IN_CLEAR, hint=f"{keys.HINT}, and give it to every server.", id="aether.W010")]
