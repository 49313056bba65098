"""What the admin says of the rules. It is read at each use, so that a change counts at once on every node."""

from collections.abc import Mapping
from typing import Any

from aether.rules.declared import RULES
from aether.rules.models import RuleSwitch


def load() -> Mapping[str, RuleSwitch]:
    """Return the switch of every declared rule, with one query."""
    stored = {row.name: row for row in RuleSwitch.objects.all()}
    return {rule.name: stored.get(rule.name) or RuleSwitch(name=rule.name) for rule in RULES}


def ensure() -> None:
    """Create the rows that are missing, for the admin to show."""
    known = set(RuleSwitch.objects.values_list("name", flat=True))
    missing = [RuleSwitch(name=rule.name) for rule in RULES if rule.name not in known]
    if missing:
        RuleSwitch.objects.bulk_create(missing, ignore_conflicts=True)


def after_migrating(**_: Any) -> None:
    """Create what is missing once the tables are there."""
    ensure()
