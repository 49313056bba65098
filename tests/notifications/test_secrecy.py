"""Tests of the encryption of what sensitive notifications say."""

import uuid
from typing import Any

import pytest

from notifications import secrecy
from realtime import keys

OLD, NEW = keys.generate(), keys.generate()
TEXT = {"title": "Zugangsdaten für db-1 😀", "message": "hunter2", "metadata": {"a": [1, None]}, "related_entity": None}


@pytest.fixture
def sealed(settings: Any) -> tuple[uuid.UUID, str]:
    """An id, and `TEXT` encrypted for it with the old key."""
    settings.ENCRYPTION_KEYS = [OLD]
    pk = uuid.uuid4()
    return pk, secrecy.seal(pk, TEXT)


def test_what_is_sealed_can_be_read_and_tells_nothing(sealed: tuple[uuid.UUID, str]) -> None:
    """The text comes back whole; the same text never looks the same twice."""
    pk, text = sealed
    assert secrecy.unseal(pk, text) == TEXT
    assert "hunter2" not in text
    assert text.startswith(secrecy.prefix())
    assert secrecy.key_name(text) == keys.name_of(OLD)
    assert len(secrecy.prefix()) == secrecy.PREFIX + 1
    assert secrecy.seal(pk, TEXT) != text


def test_old_keys_read_and_the_first_encrypts(sealed: tuple[uuid.UUID, str], settings: Any) -> None:
    """After a new key was put first, everything is readable, and what is new is encrypted with it."""
    pk, text = sealed
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert secrecy.unseal(pk, text) == TEXT
    assert secrecy.key_name(secrecy.seal(pk, TEXT)) == keys.name_of(NEW)


def test_a_missing_key_is_named(sealed: tuple[uuid.UUID, str], settings: Any) -> None:
    """What cannot be read says which key it needs, and where."""
    pk, text = sealed
    for others in ([NEW], []):
        settings.ENCRYPTION_KEYS = others
        with pytest.raises(
            secrecy.Unreadable, match=f"{keys.name_of(OLD)} is missing from the setting ENCRYPTION_KEYS"
        ):
            secrecy.unseal(pk, text)


def test_another_rows_text_cannot_be_read(sealed: tuple[uuid.UUID, str]) -> None:
    """A ciphertext that was copied into another row is refused."""
    with pytest.raises(secrecy.Unreadable, match="altered"):
        secrecy.unseal(uuid.uuid4(), sealed[1])


def test_altered_texts_cannot_be_read(sealed: tuple[uuid.UUID, str]) -> None:
    """Neither a changed byte, nor a shorter text, nor nonsense is taken for a text, and nothing else is raised."""
    pk, text = sealed
    start, body = text[: secrecy.PREFIX + 1], text[secrecy.PREFIX + 1 :]
    flipped = [body[:at] + ("A" if body[at] != "A" else "B") + body[at + 1 :] for at in range(0, len(body) - 4, 7)]
    for wrong in (*flipped, body[:-8], "", "???", "AAAA", "ü"):
        with pytest.raises(secrecy.Unreadable):
            secrecy.unseal(pk, start + wrong)
    for wrong in ("", "v1", "v2.0.x", "plain text"):
        with pytest.raises(secrecy.Unreadable):
            secrecy.unseal(pk, wrong)


def test_no_key_is_told_with_the_settings_name(settings: Any) -> None:
    """Without a key nothing is encrypted, and nothing is stored in clear instead."""
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(secrecy.NoKey, match=r"ENCRYPTION_KEYS.*generate_key"):
        secrecy.seal(uuid.uuid4(), TEXT)
    with pytest.raises(secrecy.NoKey):
        secrecy.blind("disk:/var", "everyone")


def test_blind_keys(settings: Any) -> None:
    """A dedup key is found under each of the keys, and tells nothing: not even that two audiences have the same."""
    settings.ENCRYPTION_KEYS = [OLD]
    old = secrecy.blind("disk:/var", "everyone")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert old in secrecy.stored_keys("disk:/var", "everyone")
    assert secrecy.stored_keys("disk:/var", "everyone")[0] == "disk:/var"
    assert secrecy.blind("disk:/var", "everyone") == secrecy.blind("disk:/var", "everyone") != old
    assert secrecy.blind("disk:/var", "user:1") != secrecy.blind("disk:/var", "everyone")
    assert "disk" not in old
