"""Tests of the system check of the settings."""

from typing import Any

import pytest

from notifications import actions
from notifications.checks import sensitive_texts_are_readable, settings_are_usable
from realtime import keys


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("NOTIFICATION_CATEGORIES", ["backup"], []),
        ("NOTIFICATION_CATEGORIES", "backup", ["notifications.E001"]),
        ("NOTIFICATION_CATEGORIES", ["x" * 33], ["notifications.E001"]),
        ("NOTIFICATION_SNAPSHOT_SIZE", 200, []),
        ("NOTIFICATION_SNAPSHOT_SIZE", 201, ["notifications.E002"]),
        ("NOTIFICATION_SNAPSHOT_SIZE", "100", ["notifications.E002"]),
    ],
)
def test_settings(settings: Any, name: str, value: Any, expected: list[str]) -> None:
    """What cannot be used is an error that says what to write instead."""
    setattr(settings, name, value)
    errors = settings_are_usable()
    assert [error.id for error in errors] == expected
    assert all(error.hint for error in errors)


@pytest.mark.django_db
def test_missing_keys_are_named(settings: Any) -> None:
    """Texts whose key the settings lack are an error that names it; nothing is asked of a database nobody chose."""
    key = keys.generate()
    settings.ENCRYPTION_KEYS = [key]
    actions.create("Secret", sensitive=True)
    assert sensitive_texts_are_readable(databases=["default"]) == []
    settings.ENCRYPTION_KEYS = [keys.generate()]
    assert sensitive_texts_are_readable() == []
    (error,) = sensitive_texts_are_readable(databases=["default"])
    assert error.id == "notifications.E003"
    assert keys.name_of(key) in error.msg
    assert "ENCRYPTION_KEYS" in error.hint
