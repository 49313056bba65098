"""Storms: what happened to many at once is one notification."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from aether.rules import episodes, templates
from aether.rules.declared import BY_NAME, Rule
from aether.rules.models import Observation
from aether.rules.writing import Telling, write
from notifications import actions
from notifications.actions.writing import live
from notifications.models import MESSAGE_LENGTH, TITLE_LENGTH
from realtime.audience import EVERYONE

LISTED: Final = 100
"""Ids in the metadata."""
ALL: Final = "many:"
"""What the `entity` of an observation begins with that is about many events at once."""


def tell_many(at: Telling, rule: Rule, new: Sequence[Observation]) -> None:
    """Tell of many in one notification, with the first ids; what lasts knows it afterwards."""
    places = {seen.facts.get("host_id") or "" for seen in new}
    place = places.pop() if len(places) == 1 else ""
    level = at.switches[rule.name].level or rule.text.level
    if rule.lasts:
        storm, key = episodes.blank(rule.name, ALL, at.now), f"many:{rule.name}:{at.now:%Y%m%dT%H%M%S.%f}"
    else:
        storm, key = _again(at, rule, place), f"many:{rule.name}:{place}"
    values = {"count": len(new), "place": f" on {place}" if place else ""}
    metadata = {"rule": rule.name, "count": len(new), "ids": [seen.entity for seen in islice(new, LISTED)]}
    contents = actions.Contents(level=level, category=rule.category, metadata=metadata, related_entity=place or None)
    title, message = (templates.fill(text, values, MESSAGE_LENGTH) for text in (rule.many.title, rule.many.message))
    row = write(key, title[:TITLE_LENGTH], message, contents, reopen=episodes.is_worse(storm, level))
    for seen in (*new, storm):
        seen.notification_id, seen.many = row.pk if row else None, key if rule.lasts else ""
        episodes.told(seen, level, at.now, at.calm)
    if not rule.lasts:
        storm.save()


def tell_fewer(at: Telling, key: str, over: Sequence[Observation]) -> None:
    """Tell that some of many are over; unread stays unread, and read stays read."""
    rule = BY_NAME[over[0].rule]
    live(EVERYONE, key)  # Locked before counting: whoever is over at the same time counts after this one, or before.
    of_all = Observation.objects.filter(many=key)
    total, left = of_all.count(), of_all.filter(active=True).exclude(pk__in=[seen.pk for seen in over]).count()
    title = templates.fill(rule.many.over, {"left": left or "None", "total": total}, TITLE_LENGTH)
    level = rule.text.level if left or rule.ended is None else rule.ended.level
    contents = actions.Contents(level=level, category=rule.category, metadata={"left": left})
    write(key, title, None, contents, reopen=False)
    for seen in over:
        episodes.told(seen, level, at.now, at.calm)


def _again(at: Telling, rule: Rule, place: str) -> Observation:
    """Return the observation of such storms, locked, which has just begun again."""
    first = episodes.blank(rule.name, f"{ALL}{place}", at.now)
    values = {name: getattr(first, name) for name in ("episode_at", "since", "changed_at")}
    Observation.objects.get_or_create(rule=rule.name, entity=first.entity, defaults=values)
    storm = Observation.objects.select_for_update().get(rule=rule.name, entity=first.entity)
    storm.active = False
    episodes.begin(storm, at.now, at.grace(rule), at.calm)
    return storm
