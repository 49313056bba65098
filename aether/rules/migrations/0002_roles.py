"""The user group Admin may switch rules; Writer may look at them.

The permissions are created here where they do not exist yet: Django itself makes them only after all migrations.
"""

from typing import Any

from django.db import migrations

ROLES = {"Writer": ("view",), "Admin": ("view", "change", "delete")}


def make_roles(apps: Any, _editor: Any) -> None:
    """Give the user groups their permissions on rules; those that exist keep what they have."""
    types = apps.get_model("contenttypes", "ContentType").objects
    content_type, _ = types.get_or_create(app_label="rules", model="ruleswitch")
    permissions = apps.get_model("auth", "Permission").objects
    for role, verbs in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        for verb in verbs:
            permission, _ = permissions.get_or_create(
                content_type=content_type, codename=f"{verb}_ruleswitch", defaults={"name": f"Can {verb} rule"}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """Give them; going back leaves them, since users may rely on them by then."""

    dependencies = [
        ("rules", "0001_rules"),
        ("notifications", "0002_roles"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
