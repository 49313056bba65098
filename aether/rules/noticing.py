"""Notice what a write did, in its transaction: note what began and ended, and tell what is due at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from aether.rules import episodes, switches, telling
from aether.rules.declared import RULES, Rule
from aether.rules.models import Observation
from aether.rules.sources import Source
from aether.rules.writing import Telling
from realtime.live_changes import chunks
from realtime.live_watching import Changed

STORED = [field.name for field in Observation._meta.concrete_fields if not field.primary_key]


def notice(source: Source, changes: Sequence[Changed], now: datetime | None = None) -> None:
    """Hold *changes* against every rule about *source*. A write that no rule is about costs no query.

    The rows are locked by the write, so that nobody else notes anything of them meanwhile.
    """
    at: Telling | None = None
    due: list[Observation] = []
    kept: list[Observation] = []
    for rule in RULES:
        if rule.source == source.name and (matching := [one for one in changes if _concerns(rule, one)]):
            at = at or Telling(now or timezone.now(), switches.load(), inside=True)
            noted = _note(at, rule, source, matching)
            due += [one for one in noted if is_due(one, at.now)]
            kept += noted if _remembers(rule, len(matching)) else []
    if at is not None:
        telling.tell(at, due)
        store(kept)


def is_due(seen: Observation, now: datetime) -> bool:
    """Say whether there is something to tell of it."""
    return seen.due_at is not None and seen.due_at <= now


def hold(rule: Rule, entities: Iterable[str]) -> dict[str, Observation]:
    """Return what is known of *entities*, locked."""
    found: dict[str, Observation] = {}
    for chunk in chunks(sorted(entities)):
        rows = Observation.objects.select_for_update().filter(rule=rule.name, entity__in=chunk).order_by("entity")
        found |= {row.entity: row for row in rows}
    return found


def store(seen: Iterable[Observation]) -> None:
    """Store what is known now; the entities' rows, or these, are locked."""
    rows = list(seen)
    Observation.objects.bulk_update([one for one in rows if not one._state.adding], STORED, batch_size=25)
    Observation.objects.bulk_create([one for one in rows if one._state.adding], batch_size=50)


def _concerns(rule: Rule, one: Changed) -> bool:
    if one.after is None:
        return rule.lasts
    return any(condition(one.before, one.after) for condition in (rule.when, rule.until) if condition is not None)


def _note(at: Telling, rule: Rule, source: Source, changes: Sequence[Changed]) -> list[Observation]:
    """Return what is now known of the rows that changed, not stored yet; of deleted ones nothing is left."""
    entities = [str(one.pk) for one in changes]
    held = hold(rule, entities) if _remembers(rule, len(changes)) else {}
    noted: list[Observation] = []
    for entity, one in zip(entities, changes, strict=True):
        known = held.get(entity)
        if one.after is None:
            _forget(at, known)
        elif rule.when is not None and rule.when(one.before, one.after):
            if at.switches[rule.name].enabled:
                noted.append(known or episodes.blank(rule.name, entity, at.now))
                noted[-1].facts = source.facts(one.before, one.after)
                _begin(at, rule, noted[-1])
        elif known is not None and known.active:
            known.facts |= source.facts(one.before, one.after)
            episodes.end(known, at.now, at.grace(rule))
            noted.append(known)
    return noted


def _begin(at: Telling, rule: Rule, seen: Observation) -> None:
    if not rule.lasts:  # It was over as soon as it happened; only so an episode of it can end.
        seen.active = False
    episodes.begin(seen, at.now, at.grace(rule), at.calm)


def _forget(at: Telling, known: Observation | None) -> None:
    if known is not None:
        telling.withdraw(at, known)
        known.delete()


def _remembers(rule: Rule, number: int) -> bool:
    """Say whether it is remembered of each of *number* rows: of a storm of events nobody is told one by one."""
    return rule.lasts or (bool(rule.repeated) and number <= settings.RULE_STORM)
