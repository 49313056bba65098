"""Tests of the keys for encryption."""

import base64

import pytest

from realtime import keys


def test_generated_keys_are_good_and_never_the_same() -> None:
    """Each is 32 random bytes as text."""
    made = {keys.generate() for _ in range(20)}
    assert len(made) == 20
    assert {keys.wrong(key) for key in made} == {None}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("secret!", "is no base64 text"),
        ("schlüssel", "is no base64 text"),
        (base64.urlsafe_b64encode(b"x" * 16).decode(), "has 16 bytes instead of 32"),
        ("", "has 0 bytes instead of 32"),
    ],
)
def test_what_is_no_key_is_told_without_repeating_it(text: str, complaint: str) -> None:
    """A malformed key may still be most of a secret."""
    assert keys.wrong(text) == complaint
    with pytest.raises(ValueError, match=complaint):
        keys.derive(text, "anything")


def test_each_purpose_has_a_key_of_its_own() -> None:
    """From one key come different ones, always the same for the same purpose."""
    key = keys.generate()
    assert keys.derive(key, "a") == keys.derive(key, "a") != keys.derive(key, "b")
    assert len(keys.derive(key, "a")) == 32


def test_a_name_tells_keys_apart() -> None:
    """It is short, and does not change."""
    one, other = keys.generate(), keys.generate()
    assert keys.name_of(one) == keys.name_of(one) != keys.name_of(other)
    assert len(keys.name_of(one)) == 8


def test_the_derivation_never_changes() -> None:
    """What was stored once stays readable, and known by the same name."""
    key = base64.urlsafe_b64encode(bytes(range(32))).decode()
    assert keys.name_of(key) == "f0f3793e"
    assert keys.channel_layer_keys([key]) == [keys.derive(key, "channel layer").hex()]
