"""How the rules write notifications, and what they know while they do."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError

from aether.rules.declared import Rule
from aether.rules.models import RuleSwitch
from notifications import actions
from notifications.models import Notification

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Telling:
    """When something is told, and what the admin says of the rules. *inside* is a write to the rows themselves."""

    now: datetime
    switches: Mapping[str, RuleSwitch]
    inside: bool = False

    @property
    def calm(self) -> timedelta:
        """The pause after which an episode is over."""
        return timedelta(seconds=settings.RULE_CALM)

    def grace(self, rule: Rule) -> timedelta:
        """Return how long *rule* waits."""
        return timedelta(seconds=self.switches[rule.name].grace_of(rule))


def write(
    key: str, title: str, message: str | None, contents: actions.Contents, *, reopen: bool = True
) -> Notification | None:
    """Write a notification; None where it cannot be: whoever reports a change must not fail for what is told of it."""
    try:
        return actions.upsert(key, title, message, reopen=reopen, **contents)
    except ValidationError as error:
        logger.warning("A rule could not tell %s: %s", key, "; ".join(error.messages))
        return None
