"""Keys for encryption: made, checked, and each turned into a key of its own for every purpose.

One setting holds a list of master keys. Nothing is encrypted with a master key itself: HKDF (RFC 5869) derives from it
one key for each purpose, so that what one of them encrypts can never be passed off as the other's.
"""

import base64
import binascii
import secrets
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LENGTH: Final = 32
"""Bytes of a key."""
HINT: Final = "Make one with: python manage.py generate_key"


def generate() -> str:
    """Return a new random master key as text."""
    return base64.urlsafe_b64encode(secrets.token_bytes(LENGTH)).decode()


def wrong(text: str) -> str | None:
    """Return what is wrong with the text of a master key, without repeating any of it; None where nothing is."""
    try:
        size = len(base64.b64decode(text, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return "is no base64 text"
    return None if size == LENGTH else f"has {size} bytes instead of {LENGTH}"


def derive(text: str, purpose: str) -> bytes:
    """Return the key of 32 bytes that belongs to *purpose*. Raises: ValueError, for a text that is no master key."""
    if complaint := wrong(text):
        raise ValueError(f"The key {complaint}.")
    master = base64.b64decode(text, altchars=b"-_", validate=True)
    return HKDF(algorithm=SHA256(), length=LENGTH, salt=None, info=f"aether {purpose}".encode()).derive(master)


def name_of(text: str) -> str:
    """Return eight characters that tell keys apart and give nothing of them away. Raises: ValueError."""
    return derive(text, "key name")[:4].hex()


def channel_layer_keys(texts: list[str]) -> list[str]:
    """Return what `channels_redis` takes as `symmetric_encryption_keys`: it encrypts with the first, reads with all."""
    return [derive(text, "channel layer").hex() for text in texts]
