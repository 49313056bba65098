"""The user group Admin may switch rules; Writer may look at them."""

from typing import Any

from django.db import migrations

from notifications import roles


def make_roles(apps: Any, _editor: Any) -> None:
    """Give the user groups their permissions on rules; those that exist keep what they have."""
    roles.give(apps, "rules", {"ruleswitch": "rule"}, {"Writer": ("view",), "Admin": ("view", "change", "delete")})


class Migration(migrations.Migration):
    """Give them; going back leaves them, since users may rely on them by then."""

    dependencies = [
        ("rules", "0001_rules"),
        ("notifications", "0002_roles"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
