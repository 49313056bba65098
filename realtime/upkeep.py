"""Work that one node at a time does for all: the lease, and pruning history and the audit."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from realtime import conf, control, history, retention, tickets, tokens, topics
from realtime.models import AuditEvent, Lease

Work = Callable[[], None]
_works: list[Work] = []


def register(work: Work) -> Work:
    """Have *work* done like a topic's `upkeep`: by one node at a time, about every second."""
    _works.append(work)
    return work


def registered() -> Sequence[Work]:
    """Return what is done beside the topics' upkeep."""
    return _works


def take_lease(name: str, holder: str, seconds: float) -> bool:
    """Take or renew the lease *name* for *holder*; False where another holds it."""
    now = timezone.now()
    with transaction.atomic():
        Lease.objects.get_or_create(name=name, defaults={"holder": holder, "expires_at": now})
        lease = Lease.objects.select_for_update().get(name=name)
        if lease.holder != holder and lease.expires_at > now:
            return False
        lease.holder, lease.expires_at = holder, now + timedelta(seconds=seconds)
        lease.save()
    return True


def give_back(name: str, holder: str) -> None:
    """End *holder*'s lease *name* now, so that another node, or the same one after its restart, need not wait."""
    Lease.objects.filter(name=name, holder=holder).update(expires_at=timezone.now())


def prune_all() -> dict[str, int]:
    """Prune every stream as its topic or the settings say, and what ended of tickets and tokens.

    Return how many publications went, by stream.
    """
    tickets.prune()
    tokens.prune()
    settings = conf.load()
    pruned: dict[str, int] = {}
    for stream in history.heads():
        topic = topics.registered().get(stream)
        count, age = (topic.history_count, topic.history_age) if topic else (None, None)
        if stream == control.STREAM:
            count, age = control.HISTORY_COUNT, control.HISTORY_AGE
        details = retention.prune_details(stream, count=topic.detail_count, age=topic.detail_age) if topic else 0
        pruned[stream] = details + retention.prune(
            stream,
            count=settings.history_count if count is None else count,
            age=settings.history_age if age is None else age,
        )
    return pruned


def prune_audit() -> int:
    """Delete the audit's rows that are older than AUDIT_RETENTION; return how many went."""
    return AuditEvent.objects.prune(timezone.now() - timedelta(seconds=conf.load().audit_retention))
