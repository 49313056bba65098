"""What the user groups Reader, Writer and Admin may do with the inventory, and a user group for its producers.

The permissions are created here where they do not exist yet: Django itself makes them only after all migrations.
"""

from typing import Any

from django.db import migrations

KINDS = {"cluster": "cluster", "host": "host", "vm": "VM"}
READER = ("view",)
WRITER = (*READER, "add", "change")
ALL = (*WRITER, "delete")
ROLES = {"Reader": READER, "Writer": WRITER, "Admin": ALL, "Producer": ALL}


def make_roles(apps: Any, _editor: Any) -> None:
    """Create the user groups; those that exist keep what they have and gain what is missing."""
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    for kind, name in KINDS.items():
        content_type, _ = content_types.get_or_create(app_label="inventory", model=kind)
        for role, verbs in ROLES.items():
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            for verb in verbs:
                permission, _ = permissions.get_or_create(
                    content_type=content_type, codename=f"{verb}_{kind}", defaults={"name": f"Can {verb} {name}"}
                )
                group.permissions.add(permission)


class Migration(migrations.Migration):
    """Create them; going back leaves them, since users may be in them by then."""

    dependencies = [
        ("inventory", "0001_inventory"),
        ("notifications", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
