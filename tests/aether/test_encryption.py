"""Tests of the encryption of the channel layer: that it is on where keys are set, and what is said where none are."""

from typing import Any

import pytest

from aether.encryption import channel_layer_is_encrypted
from realtime import keys
from tests.support.servers import environment, manage

REDIS = {"REDIS_URL": "redis://cache:6379/0"}
LAYER = "from django.conf import settings; print(settings.CHANNEL_LAYERS['default']['CONFIG'])"


def test_keys_encrypt_the_channel_layer() -> None:
    """One setting is enough: the layer's keys are derived from it, all of them, the first one first."""
    made = [keys.generate(), keys.generate()]
    printed = manage("shell", "-v", "0", "-c", LAYER, env=environment(**REDIS, ENCRYPTION_KEYS=",".join(made)))
    assert str(keys.channel_layer_keys(made)) in printed
    assert not any(key in printed for key in made)


def test_a_layer_in_memory_needs_none() -> None:
    """Without REDIS_URL nothing leaves the process, and keys are for the database alone."""
    printed = manage("shell", "-v", "0", "-c", LAYER, env=environment(ENCRYPTION_KEYS=keys.generate()))
    assert "symmetric_encryption_keys" not in printed


@pytest.mark.parametrize(
    ("url", "config", "expected"),
    [("", {}, []), ("redis://x", {}, ["aether.W010"]), ("redis://x", {"symmetric_encryption_keys": ["k"]}, [])],
)
def test_deploying_without_keys_is_warned_of(settings: Any, url: str, config: dict, expected: list[str]) -> None:
    """`check --deploy` says how to make a key, where messages leave the process in clear."""
    settings.REDIS_URL = url
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "x", "CONFIG": config}}
    found = channel_layer_is_encrypted()
    assert [message.id for message in found] == expected
    assert all("generate_key" in message.hint for message in found)
