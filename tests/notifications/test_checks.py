"""Tests of the system check of the settings."""

from typing import Any

import pytest

from notifications.checks import settings_are_usable


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
