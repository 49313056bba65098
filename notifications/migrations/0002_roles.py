"""The user groups Reader, Writer and Admin, with their permissions on notifications.

The permissions are created here where they do not exist yet: Django itself makes them only after all migrations.
"""

from typing import Any

from django.db import migrations

NAMES = {
    "view_notification": "Can view notification",
    "add_notification": "Can add notification",
    "change_notification": "Can change notification",
    "delete_notification": "Can delete notification",
}
READER = ("view_notification",)
WRITER = (*READER, "add_notification", "change_notification")
ADMIN = (*WRITER, "delete_notification")
ROLES = {"Reader": READER, "Writer": WRITER, "Admin": ADMIN}


def make_roles(apps: Any, _editor: Any) -> None:
    """Create the user groups; those that exist keep what they have and gain what is missing."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="notifications", model="notification"
    )
    permissions = apps.get_model("auth", "Permission").objects
    for role, codenames in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        for codename in codenames:
            permission, _ = permissions.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": NAMES[codename]}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """Create them; going back leaves them, since users may be in them by then."""

    dependencies = [
        ("notifications", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
