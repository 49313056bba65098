"""The user groups Reader, Writer and Admin, with their permissions on notifications."""

from typing import Any

from django.db import migrations

from notifications import roles


def make_roles(apps: Any, _editor: Any) -> None:
    """Create the user groups; those that exist keep what they have and gain what is missing."""
    roles.give(apps, "notifications", {"notification": "notification"})


class Migration(migrations.Migration):
    """Create them; going back leaves them, since users may be in them by then."""

    dependencies = [
        ("notifications", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
