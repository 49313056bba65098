"""What the admin says of the rules. It is read at each use, so that a change counts at once on every node."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.apps import apps as registry
from django.apps.registry import Apps

from aether.rules.declared import RULES
from aether.rules.models import RuleSwitch


def load() -> Mapping[str, RuleSwitch]:
    """Return the switch of every declared rule, with one query."""
    stored = {row.name: row for row in RuleSwitch.objects.all()}
    return {rule.name: stored.get(rule.name) or RuleSwitch(name=rule.name) for rule in RULES}


def ensure(model: Any = RuleSwitch) -> None:
    """Create the rows that are missing, for the admin to show."""
    known = set(model.objects.values_list("name", flat=True))
    missing = [model(name=rule.name) for rule in RULES if rule.name not in known]
    if missing:
        model.objects.bulk_create(missing, ignore_conflicts=True)


def after_migrating(*, apps: Apps = registry, **_: Any) -> None:
    """Create what is missing, in the table as it is at that step; where the step undid the table, nothing."""
    with suppress(LookupError):
        ensure(apps.get_model("rules", "RuleSwitch"))
