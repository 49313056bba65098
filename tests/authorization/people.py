"""Who there is, what is published for whom, and what each may therefore see, written down apart from the server.

What is published carries a mark that names its audience, so that one search over whatever a person was sent, on
whatever path, tells what they got.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.models import Group, User

from realtime.audience import EVERYONE, for_group, for_user
from realtime.outbox import Draft

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "no role": (),
    "Reader": ("Reader",),
    "Writer": ("Writer",),
    "Admin": ("Admin",),
    "outsider": ("night shift",),
    "deactivated": ("Reader", "Admin"),
}
"""Each person, called like their role, and the user groups that they are in."""
ANONYMOUS: Final = "anonymous"
LOCKED_OUT: Final = (ANONYMOUS, "deactivated")
LET_IN: Final = tuple(name for name in GROUPS if name not in LOCKED_OUT)
EVERYBODY: Final = (ANONYMOUS, *GROUPS)
MARK: Final = re.compile(r"<<(.*?)>>")
FENCE: Final = "the last"
KEY: Final = "7"
"""The object that everything published here is about."""


def entitled(name: str) -> set[str]:
    """Return the marks that the person called *name* may see."""
    if name in LOCKED_OUT:
        return set()
    return {"everyone", f"user {name}", *(f"group {group}" for group in GROUPS[name])}


def marks(said: str) -> set[str]:
    """Return the marks in whatever a person was sent."""
    return set(MARK.findall(said)) - {FENCE}


def make_people() -> None:
    """Create everyone, the roles with the permissions that the migrations give them."""
    from tests.notifications.conftest import make_roles

    make_roles()
    for name, groups in GROUPS.items():
        person = User.objects.create_user(name, is_active=name != "deactivated")
        person.groups.add(*(Group.objects.get_or_create(name=group)[0] for group in groups))
    Group.objects.get_or_create(name="nobody's")


def audiences() -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Yield each audience: its mark, what the server calls it, and how `notifications.actions` is told of it."""
    yield "everyone", EVERYONE, {}
    for group in Group.objects.all():
        yield f"group {group.name}", for_group(group.pk), {"group": group}
    for user in User.objects.all():
        yield f"user {user.username}", for_user(user.pk), {"user": user}


def drafts(stream: str, action: str = "updated") -> list[Draft]:
    """Return a publication for each audience on *stream*, and one for everyone that is the last."""
    every = [(mark, audience) for mark, audience, _ in audiences()]
    return [
        Draft(stream, {"type": "test", "action": action, "data": {"mark": f"<<{mark}>>"}}, audience=audience, key=KEY)
        for mark, audience in [*every, (FENCE, EVERYONE)]
    ]
