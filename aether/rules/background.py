"""What the rules do by the clock: tell what is due, find jobs that take long, forget what is over."""

import functools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from aether.jobs.models import Job
from aether.jobs.states import Status
from aether.rules import configuration, episodes, switches, telling
from aether.rules.declared import BY_NAME
from aether.rules.models import Observation
from aether.rules.noticing import hold, is_due, store
from aether.rules.sources import SOURCES
from aether.rules.spans import span
from aether.rules.writing import Telling
from realtime.live_changes import plain as rows_of

logger = logging.getLogger(__name__)

BATCH: Final = 500
"""Observations that are told in one transaction at most."""
FORGET_AFTER: Final = timedelta(days=1)
SLOW: Final = "job_slow"


class Paced:
    """A work of one process that is done again only after a pause; at once where it failed.

    Every node may call it; the rows' locks keep two from telling the same.
    """

    def __init__(
        self, work: Callable[[datetime], object], pause: float, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        functools.update_wrapper(self, work)  # What fails is logged by its own name.
        self._work, self._pause, self._clock = work, pause, clock
        self._next = 0.0

    def __call__(self) -> None:
        """Do it, where it is due."""
        if time.monotonic() >= self._next:
            self._work(self._clock())
            self._next = time.monotonic() + self._pause


def works() -> list[Paced]:
    """Return the works, each by itself, so that one that fails keeps no other from being done."""
    once = float("inf")
    pauses: Mapping[Callable[[datetime], object], float] = {
        tell_due: 0.0, find_slow: 5.0, forget: 600.0, configuration.tell: once,
    }  # fmt: skip
    return [Paced(work, pause) for work, pause in pauses.items()]


def tell_due(now: datetime) -> int:
    """Tell what has lasted longer than its grace, or has more to say; return of how many."""
    due = Observation.objects.filter(due_at__lte=now).order_by("due_at").values_list("rule", "entity")
    found = sorted(due[:BATCH])
    for name, group in groupby(found, key=lambda one: one[0]):
        _try(now, name, [entity for _, entity in group])
    return len(found)


def find_slow(now: datetime) -> int:
    """Begin to tell of running jobs that take longer than their limit, once of each; return of how many."""
    limits = [seconds for seconds in (settings.JOB_TIME_LIMIT, *settings.JOB_TIME_LIMITS.values()) if seconds]
    if not limits or not switches.load()[SLOW].enabled:
        return 0
    running = Job.objects.filter(status=Status.RUNNING, started_at__lt=now - timedelta(seconds=min(limits)))
    known = set(Observation.objects.filter(rule=SLOW).values_list("entity", flat=True))
    times = running.order_by("pk").values_list("pk", "job_type", "started_at")
    late = [str(pk) for pk, kind, at in times if str(pk) not in known and at and _is_late(kind, at, now)]
    for entity in late[:BATCH]:
        try:
            with transaction.atomic():
                _begin_slow(entity, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("Rule %s could not look at %s; it will be tried again.", SLOW, entity)
    return len(late)


def forget(now: datetime) -> int:
    """Delete the observations of what is over for a day, and of rules that are no more; return how many."""
    over = Observation.objects.filter(changed_at__lt=now - FORGET_AFTER, due_at=None).exclude(
        active=True, rule__in=[rule.name for rule in BY_NAME.values() if rule.lasts]
    )
    return over.delete()[0] + Observation.objects.exclude(rule__in=BY_NAME).delete()[0]


def limit_of(job_type: str) -> int:
    """Return the seconds that jobs of this type may take; 0 for any time."""
    seconds: int = settings.JOB_TIME_LIMITS.get(job_type, settings.JOB_TIME_LIMIT)
    return seconds


def _is_late(job_type: str, started_at: datetime, now: datetime) -> bool:
    limit = limit_of(job_type)
    return bool(limit) and now - started_at > timedelta(seconds=limit)


def _try(now: datetime, name: str, entities: Sequence[str]) -> None:
    """Tell of *entities*; where that fails, of one half after the other, until the one that is to blame stands alone.

    That one is logged and waits, so that it neither keeps the others waiting nor is forgotten.
    """
    try:
        _tell(now, name, entities)
    except (OperationalError, InterfaceError):  # The database is away, for the others too.
        raise
    except Exception:
        if half := len(entities) // 2:
            _try(now, name, entities[:half])
            _try(now, name, entities[half:])
            return
        logger.exception("Rule %s could not look at %s; it will be tried again.", name, entities[0])
        for seen in Observation.objects.filter(rule=name, entity=entities[0]):
            Observation.objects.filter(pk=seen.pk).update(due_at=episodes.again_at(seen, now))


def _tell(now: datetime, name: str, entities: Sequence[str]) -> None:
    """Tell of *entities* what is due by the rule *name*, their rows locked first, as a write to them does."""
    if (rule := BY_NAME.get(name)) is None:
        Observation.objects.filter(rule=name).delete()
        return
    with transaction.atomic():
        at = Telling(now, switches.load())
        SOURCES[rule.source].lock(entities)
        due = [one for one in hold(rule, entities).values() if is_due(one, now)]
        silent = [one for one in due if one.shown is None and not at.switches[name].enabled]
        for one in silent:
            one.due_at = None
        telling.tell(at, [one for one in due if one.due_at is not None])
        store(due)


def _begin_slow(entity: str, now: datetime) -> None:
    source, rule = SOURCES["job"], BY_NAME[SLOW]
    values = rows_of(Job).select_for_update(no_key=True).filter(pk=entity, status=Status.RUNNING)
    row = values.values("started_at", *source.fields).first()
    if row is None or hold(rule, [entity]):  # It ended meanwhile, or another node was first.
        return
    limit, at = timedelta(seconds=limit_of(row["job_type"])), Telling(now, switches.load())
    seen = episodes.blank(SLOW, entity, now)
    episodes.begin(seen, now, at.grace(rule), at.calm)
    started_at = row.pop("started_at")
    seen.since, seen.facts = started_at + limit, {**source.facts(row, row), "limit": span(limit)}
    if is_due(seen, now):
        telling.tell(at, [seen])
    store([seen])
