"""Tell what observations have to say: one notification for each, or one for many at once."""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from aether.jobs.models import Job
from aether.rules import episodes, many, templates
from aether.rules.declared import BY_NAME, Rule, Text
from aether.rules.models import Observation
from aether.rules.sources import SOURCES
from aether.rules.spans import span
from aether.rules.writing import Telling, write
from notifications import actions
from notifications.models import MESSAGE_LENGTH, TITLE_LENGTH, Notification
from notifications.vocabulary import Level
from realtime import bulk
from realtime.live_changes import plain as rows_of

logger = logging.getLogger(__name__)

KEY_LENGTH: Final = 200


def key_of(rule: Rule, seen: Observation) -> str:
    """Return the key of the one notification that tells of it."""
    return templates.fill(rule.key, seen.facts, KEY_LENGTH)


def tell(at: Telling, due: Iterable[Observation]) -> None:
    """Tell what is *due*, which the caller stores afterwards; more than RULE_STORM that are new are told as one.

    Where several rules tell under one key at once, the rule that is declared last speaks. What cannot be told is logged
    and due again later; all others are told, and whoever reports a change does not fail for it.
    """
    ordered = sorted(due, key=lambda seen: list(BY_NAME).index(seen.rule))
    for name in dict.fromkeys(seen.rule for seen in ordered):
        lasts = BY_NAME[name].lasts
        new = [one for one in ordered if one.rule == name and one.active and (one.shown is None or not lasts)]
        if len(new) > settings.RULE_STORM:
            _try(at, new, transaction.atomic(partial(many.tell_many, at, BY_NAME[name], new)))
            told = set(map(id, new))
            ordered = [seen for seen in ordered if id(seen) not in told]
    by_key: dict[str, list[Observation]] = {}
    for seen in ordered:
        _try(at, [seen], partial(_sort, by_key, seen))
    for key, together in by_key.items():
        work = many.tell_fewer if key == together[0].many else _tell_one
        _try(at, together, transaction.atomic(partial(work, at, key, together)))


def _try(at: Telling, together: Sequence[Observation], work: Callable[[], object]) -> None:
    """Do *work* for what belongs *together*; where it fails, that is due again later."""
    try:
        work()
    except (OperationalError, InterfaceError):  # The database is away, for the others too.
        raise
    except Exception:
        for one in together:
            one.due_at = episodes.again_at(one, at.now)
        named = ", ".join(one.entity for one in together[:10])
        logger.exception("Rule %s could not tell of %s; it will be tried again.", together[-1].rule, named)


def _sort(by_key: dict[str, list[Observation]], seen: Observation) -> None:
    """Put it to the others under the key of the notification that tells of it now."""
    key = seen.many if seen.many and not seen.active else key_of(BY_NAME[seen.rule], seen)
    by_key.setdefault(key, []).append(seen)


def _tell_one(at: Telling, key: str, together: Sequence[Observation]) -> None:
    seen = together[-1]
    rule, source = BY_NAME[seen.rule], SOURCES[BY_NAME[seen.rule].source]
    text = text_of(at, rule, seen)
    metadata = {**source.metadata(seen.facts), "rule": rule.name, "count": seen.count}
    entity = templates.fill(rule.entity, seen.facts, KEY_LENGTH) or seen.entity
    contents = actions.Contents(level=text.level, category=rule.category, related_entity=entity, metadata=metadata)
    reopen = episodes.is_worse(seen, text.level)
    row = write(key, text.title, text.message, contents, reopen=reopen)
    for one in together:
        one.notification_id, one.many = row.pk if row else None, ""
        episodes.told(one, text.level, at.now, at.calm)
    if row is not None and source.model is Job:
        _link(at, seen.entity, row)


def text_of(at: Telling, rule: Rule, seen: Observation) -> Text:
    """Return what is to be told of it now, with its level."""
    text = rule.text if seen.active or rule.ended is None else rule.ended
    level = (at.switches[rule.name].level or text.level) if seen.active else text.level
    if not seen.active and episodes.is_flapping(seen) and at.now - seen.changed_at < at.calm:
        level = Level.WARNING
    facts = {"limit": "", **seen.facts, "elapsed": span(seen.changed_at - seen.since)}
    message = templates.fill(text.message, facts, MESSAGE_LENGTH - 200)
    if rule.repeated and seen.count > 1:
        often = {"count": seen.count, "span": span(seen.changed_at - seen.episode_at)}
        message = f"{message} {templates.fill(rule.repeated, often, 200)}".strip()
    return Text(str(level), templates.fill(text.title, facts, TITLE_LENGTH), message)


def withdraw(at: Telling, seen: Observation) -> None:
    """Take back what was told of something that is there no more."""
    if not (seen.shown and seen.active):
        return
    if seen.many:
        seen.active = False
        many.tell_fewer(at, seen.many, [seen])
    else:
        actions.clear(key_of(BY_NAME[seen.rule], seen))


def _link(at: Telling, pk: str, row: Notification) -> None:
    """Let the job name its notification."""
    unlinked: Any = rows_of(Job).filter(pk=pk).exclude(notification_id=row.pk)
    if at.inside:  # What is written is published with the change that is under way.
        unlinked.update(notification_id=row.pk)
    else:
        bulk.update(unlinked, notification_id=row.pk)
