"""How one observation goes on: it begins, it ends, it is told. Pure: no database, and the clock is passed in."""

from datetime import datetime, timedelta
from typing import Final

from aether.rules.models import Observation
from notifications.vocabulary import Level

RETRY: Final = timedelta(minutes=1), timedelta(days=1)
"""How long what could not be told waits at least, and at most, until that is tried again."""
FLAPS: Final = 5
"""How often something begins within one episode until it counts as flapping, and is told however short each time is."""
RANKS: Final = {name: rank for rank, name in enumerate(("", Level.INFO, Level.SUCCESS, Level.WARNING, Level.ERROR))}


def blank(rule: str, entity: str, now: datetime) -> Observation:
    """Return the observation of what was never seen before; it is not stored yet."""
    return Observation(rule=rule, entity=entity, episode_at=now, since=now, changed_at=now)


def begin(seen: Observation, now: datetime, grace: timedelta, calm: timedelta) -> None:
    """Note that it began. It is due after *grace*; at once where it flaps and nobody was told yet."""
    if not seen.active and now - seen.changed_at > calm:  # A new episode.
        seen.episode_at, seen.count, seen.worst, seen.told, seen.shown, seen.many = now, 0, "", 0, None, ""
    seen.count += 1
    seen.active, seen.since, seen.changed_at = True, now, now
    seen.due_at = now if is_flapping(seen) and seen.shown is None else _after(seen, now, grace)


def end(seen: Observation, now: datetime, grace: timedelta) -> None:
    """Note that it ended. What nobody was told of needs no telling now, unless it flaps.

    Where it was told as over already, only the count has changed, which may wait for *grace*.
    """
    seen.active, seen.changed_at = False, now
    if seen.shown:
        seen.due_at = now
    elif seen.shown is None:
        seen.due_at = now if is_flapping(seen) else None
    else:
        seen.due_at = _after(seen, now, grace)


def _after(seen: Observation, now: datetime, grace: timedelta) -> datetime:
    """Return the end of *grace*; of what flaps the end of the one that is running, or it would never come."""
    waiting = seen.due_at if is_flapping(seen) and seen.due_at is not None else now + grace
    return min(waiting, now + grace)


def is_flapping(seen: Observation) -> bool:
    """Say whether it began too often in this episode to be taken as over when it ends."""
    return seen.count >= FLAPS


def is_worse(seen: Observation, level: str) -> bool:
    """Say whether telling *level* now is news: it is worse than all that was told, or ten times as often."""
    return RANKS[level] > RANKS[seen.worst] or len(str(seen.count)) > len(str(seen.told))


def told(seen: Observation, level: str, now: datetime, calm: timedelta) -> None:
    """Note that it was told with *level*. What flapped and is over comes up once more when it has been calm."""
    seen.worst = max(seen.worst, level, key=lambda name: RANKS[name])
    seen.shown, seen.told = seen.active, seen.count
    restless = not seen.active and is_flapping(seen) and now - seen.changed_at < calm
    seen.due_at = seen.changed_at + calm if restless else None


def again_at(seen: Observation, now: datetime) -> datetime:
    """Return when to try again what could not be told: after as long again as it has failed already."""
    shortest, longest = RETRY
    return now + min(max(now - seen.changed_at, shortest), longest)
