"""Encryption of what sensitive notifications say, and of the keys that name them.

AES-256-GCM under a key derived from each master key of the setting ENCRYPTION_KEYS. The first one encrypts, all of
them decrypt. The notification's id is authenticated together with its text, so that a text that was copied into
another row cannot be read there.
"""

import base64
import binascii
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from realtime import keys

SETTING: Final = "ENCRYPTION_KEYS"
NO_KEY: Final = f"Sensitive notifications need the setting {SETTING}. {keys.HINT}"
NONCE: Final = 12
"""Bytes. Random ones are safe for 2³² texts under one key (NIST SP 800-38D, 8.3)."""
BLIND: Final = "blind:"
PREFIX: Final = 11
"""Characters of an encrypted text that name the key."""


class NoKey(ImproperlyConfigured):
    """Something is to be encrypted, and there is no key."""


class Unreadable(Exception):
    """A text that cannot be decrypted; it stays stored. Says what can be done about it, and nothing of the text."""


def seal(pk: uuid.UUID, text: Mapping[str, Any]) -> str:
    """Return *text* encrypted for the notification *pk*, as `v1.<name of the key>.<base64>`. Raises: NoKey."""
    key = primary()
    nonce = secrets.token_bytes(NONCE)
    plain = json.dumps(text, ensure_ascii=False, separators=(",", ":")).encode()
    return prefix() + _text(nonce + AESGCM(_derived(key).text).encrypt(nonce, plain, _bound(pk)))


def unseal(pk: uuid.UUID, sealed: str) -> dict[str, Any]:
    """Return what `seal` encrypted for *pk*. Raises: Unreadable."""
    name = key_name(sealed)
    key = next((derived for derived in map(_derived, master_keys()) if derived.name == name), None)
    if key is None:
        raise Unreadable(
            f"This text cannot be read: its key {name} is missing from the setting {SETTING}. Put it back."
        )
    try:
        raw = base64.b64decode(sealed.split(".")[2], altchars=b"-_", validate=True)
        plain = AESGCM(key.text).decrypt(raw[:NONCE], raw[NONCE:], _bound(pk))
    except (IndexError, ValueError, binascii.Error, InvalidTag) as error:
        raise Unreadable("This text cannot be read: it was altered, or belongs to another notification.") from error
    text: dict[str, Any] = json.loads(plain)
    return text


def key_name(sealed: str) -> str:
    """Return the name of the key that *sealed* was encrypted with."""
    return sealed.split(".")[1] if sealed.startswith("v1.") else "unknown"


def prefix() -> str:
    """Return what every text begins with that the first key encrypted. Raises: NoKey."""
    return f"v1.{_derived(primary()).name}."


def blind(dedup_key: str, audience: str) -> str:
    """Return what stands for *dedup_key* in the database: equal for equal keys, and telling nothing. Raises: NoKey."""
    return _blind(primary(), dedup_key, audience)


def stored_keys(dedup_key: str, audience: str) -> list[str]:
    """Return everything that may stand for *dedup_key* in the database: itself, and its blind form under each key."""
    return [dedup_key, *(_blind(key, dedup_key, audience) for key in master_keys())]


def master_keys() -> list[str]:
    """Return the master keys."""
    return list(getattr(settings, "ENCRYPTION_KEYS", ()))


def primary() -> str:
    """Return the master key that encrypts. Raises: NoKey."""
    found = master_keys()
    if not found:
        raise NoKey(NO_KEY)
    return found[0]


class _Derived(NamedTuple):
    name: str
    text: bytes
    dedup_key: bytes


@lru_cache(maxsize=64)
def _derived(key: str) -> _Derived:
    text, dedup_key = (keys.derive(key, f"notification {purpose}") for purpose in ("text", "dedup key"))
    return _Derived(keys.name_of(key), text, dedup_key)


def _blind(key: str, dedup_key: str, audience: str) -> str:
    return BLIND + _text(hmac.digest(_derived(key).dedup_key, f"{audience}\n{dedup_key}".encode(), "sha256"))


def _bound(pk: uuid.UUID) -> bytes:
    return b"aether notification " + pk.bytes


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
