"""Deleting softly: the row stays for a while, and its publication is a tombstone."""

from django.db.models import F, QuerySet
from django.utils import timezone

from notifications import publications
from notifications.models import Notification
from realtime import outbox


def remove(rows: QuerySet[Notification]) -> int:
    """Delete the live ones of *rows* softly, with one update and one insert of publications.

    Of what was scheduled nobody is told.
    """
    held = list(rows.select_for_update().filter(deleted_at=None))
    pks = [row.pk for row in held]
    now = timezone.now()
    Notification.objects.filter(pk__in=pks).update(version=F("version") + 1, deleted_at=now, updated_at=now)
    for row in held:
        row.version, row.deleted_at, row.updated_at = row.version + 1, now, now
    outbox.publish_many(publications.deleted(row) for row in held if row.deliver_at is None)
    return len(held)
