"""What the user groups Reader, Writer and Admin may do with jobs."""

from typing import Any

from django.db import migrations

from notifications import roles


def make_roles(apps: Any, _editor: Any) -> None:
    """Give the user groups their permissions on jobs; those that exist keep what they have."""
    roles.give(apps, "jobs", {"job": "job"})


class Migration(migrations.Migration):
    """Give them; going back leaves them, since users may rely on them by then."""

    dependencies = [
        ("jobs", "0001_initial"),
        ("notifications", "0002_roles"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
