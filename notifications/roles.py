"""What the user groups may do, for migrations of this app and of others.

The permissions are created here where they do not exist yet: Django itself makes them only after all migrations.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

VIEW: Final = ("view",)
WRITE: Final = (*VIEW, "add", "change")
ALL: Final = (*WRITE, "delete")
USUAL: Final[Mapping[str, Sequence[str]]] = {"Reader": VIEW, "Writer": WRITE, "Admin": ALL}


def give(apps: Any, app_label: str, kinds: Mapping[str, str], roles: Mapping[str, Sequence[str]] = USUAL) -> None:
    """Create the user groups, and let each do what *roles* says with the models *kinds*, given with their names.

    Those that exist keep what they have and gain what is missing. *apps* are the models as the migration sees them.
    """
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    for kind, name in kinds.items():
        content_type, _ = content_types.get_or_create(app_label=app_label, model=kind)
        for role, verbs in roles.items():
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            for verb in verbs:
                permission, _ = permissions.get_or_create(
                    content_type=content_type, codename=f"{verb}_{kind}", defaults={"name": f"Can {verb} {name}"}
                )
                group.permissions.add(permission)
