"""What the user groups Reader, Writer and Admin may do with jobs.

The permissions are created here where they do not exist yet: Django itself makes them only after all migrations.
"""

from typing import Any

from django.db import migrations

READER = ("view",)
WRITER = (*READER, "add", "change")
ADMIN = (*WRITER, "delete")
ROLES = {"Reader": READER, "Writer": WRITER, "Admin": ADMIN}


def make_roles(apps: Any, _editor: Any) -> None:
    """Give the user groups their permissions on jobs; those that exist keep what they have."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="jobs", model="job")
    permissions = apps.get_model("auth", "Permission").objects
    for role, verbs in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        for verb in verbs:
            permission, _ = permissions.get_or_create(
                content_type=content_type, codename=f"{verb}_job", defaults={"name": f"Can {verb} job"}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """Give them; going back leaves them, since users may rely on them by then."""

    dependencies = [
        ("jobs", "0001_initial"),
        ("notifications", "0002_roles"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
