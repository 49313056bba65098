"""What the user groups Reader, Writer and Admin may do with the inventory, and a user group for its producers."""

from typing import Any

from django.db import migrations

from notifications import roles

KINDS = {"cluster": "cluster", "host": "host", "vm": "VM"}


def make_roles(apps: Any, _editor: Any) -> None:
    """Create the user groups; those that exist keep what they have and gain what is missing."""
    roles.give(apps, "inventory", KINDS, {**roles.USUAL, "Producer": roles.ALL})


class Migration(migrations.Migration):
    """Create them; going back leaves them, since users may be in them by then."""

    dependencies = [
        ("inventory", "0001_inventory"),
        ("notifications", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
