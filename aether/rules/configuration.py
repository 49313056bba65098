"""The start-up configuration check: what the system checks find is one system notification, until all is well.

Findings tell strangers where a server is weak, so that only the user group Admin is told; where login is off there is
nobody but the operator of this machine. Everyone else's trace of it is the log's, which says how many there are.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.checks import WARNING, CheckMessage, run_checks

from aether.login.roles import STAFF
from notifications import actions
from notifications.models import LIVE, MESSAGE_LENGTH, Notification
from notifications.vocabulary import Category, Level
from realtime import local_operator
from realtime.audience import EVERYONE, for_group

logger = logging.getLogger(__name__)
KEY: Final = "system:configuration"
OWN: Final = ("aether.", "notifications.", "realtime.", "rules.")
"""What the ids of this project's own checks begin with."""


def tell(_now: datetime | None = None) -> None:
    """Say what is wrong with the configuration, to those who may know; take it back where nothing is.

    What was said already is not written again, and re-opened only where something is found that was not there.
    """
    found = findings() if settings.CONFIGURATION_NOTICE else []
    if settings.CONFIGURATION_NOTICE and found:
        logger.warning("%d findings in the configuration: manage.py check --deploy names them.", len(found))
    alone = local_operator.enabled()
    _tell(None, found if alone else [])
    if (admins := Group.objects.filter(name=STAFF).first()) is not None:
        _tell(admins, [] if alone else found)


def findings() -> list[CheckMessage]:
    """Return what this project's checks find; with DEBUG not what only matters where others reach the server."""
    checked = run_checks(include_deployment_checks=not settings.DEBUG)
    own = [one for one in checked if str(one.id).startswith(OWN) and not one.is_silenced()]
    return sorted((one for one in own if one.level >= WARNING), key=lambda one: (-one.level, str(one.id), one.msg))


def _tell(group: Group | None, found: Sequence[CheckMessage]) -> None:
    audience = EVERYONE if group is None else for_group(group.pk)
    held = Notification.objects.filter(**LIVE, audience=audience, dedup_key=KEY).first()
    if not found:
        if held is not None:
            actions.clear(KEY, audience=audience)
        return
    contents = _contents(found)
    if held is not None and all(getattr(held, name) == value for name, value in contents.items()):
        return
    known = set(held.metadata.get("checks", ())) if held is not None else set()
    reopen = not set(contents["metadata"]["checks"]) <= known
    actions.upsert(KEY, reopen=reopen, group=group, **contents)


def _contents(found: Sequence[CheckMessage]) -> dict[str, Any]:
    serious = any(one.is_serious() for one in found)
    number = "One finding" if len(found) == 1 else f"{len(found)} findings"
    lines = [f"{one.id}: {one.msg} {one.hint or ''}".strip() for one in found]
    return {
        "title": f"{number} in the configuration",
        "message": "\n".join(lines)[:MESSAGE_LENGTH],
        "level": str(Level.ERROR if serious else Level.WARNING),
        "category": str(Category.SYSTEM),
        "related_entity": KEY,
        "metadata": {"checks": sorted({str(one.id) for one in found})},
    }
