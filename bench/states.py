"""What states cost one user: `manage.py shell -v 0 -c "import bench.states as b; b.main()"` on an empty database.

There are 100,000 notifications for everyone; of them the user archived 10,000, snoozed 1,000, saved 500, and has 9,000
unread. It writes into the database that the settings name, so give it one of its own.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from notifications import actions
from notifications.filters import Filter
from notifications.inbox import Inbox
from notifications.models import Notification, Opening, ReadMark, Receipt
from realtime.models import Stream

MANY, UNREAD, DUE = 100_000, 9_000, 10_000


def main() -> None:
    """Fill the database, and print what reading, marking, delivering and waking takes."""
    assert not Notification.objects.exists(), "This needs a database without notifications."
    user, pks = fill()
    places = {"inbox": {}, "archived": {"archived": True}, "snoozed": {"snoozed": True}, "saved": {"saved": True}}
    for name, wanted in places.items():
        said(f"a page of 50, {name}", lambda wanted=wanted: Inbox(user).page(50, wanted=Filter(**wanted)))
    said("unread_count", lambda: Inbox(user).unread_count())
    said("total_count", lambda: Inbox(user).total_count())
    said("tabs", lambda: Inbox(user).tabs())
    unread = Inbox(user).ids(Filter(read=False))
    said(f"mark {len(unread):,} as read", lambda: actions.mark_many_read(user, unread), times=1)
    later = timezone.now() + timedelta(hours=1)
    for at in range(0, DUE, 1_000):
        actions.create_many({"title": str(at + number), "deliver_at": later} for number in range(1_000))
    said(f"deliver {DUE:,}", lambda: all_of(actions.deliver, later), times=1)
    actions.snooze_many(user, pks[-DUE:], later)
    said(f"wake {DUE:,}", lambda: all_of(actions.wake, later), times=1)


def fill() -> tuple[User, list[Any]]:
    """Make the user and the notifications; return them."""
    user, now = User.objects.create_user("ann"), timezone.now()
    rows = [
        Notification(title="x", audience="everyone", created_at=now - timedelta(seconds=number))
        for number in range(MANY)
    ]
    Notification.objects.bulk_create(rows, batch_size=2_000)
    pks = [row.pk for row in reversed(rows)]
    openings = [Opening(pk, "everyone", 1, offset) for offset, pk in enumerate(pks, 1)]
    Opening.objects.bulk_create(openings, batch_size=2_000)
    Stream.objects.update_or_create(name="notifications", defaults={"head": MANY})
    ReadMark.objects.update_or_create(user=user, defaults={"offset": MANY - UNREAD})
    later = now + timedelta(days=1)
    marks = [(20_000, 10_000, {"archived_version": 1}), (50_000, 500, {"saved": True})]
    marks.append((40_000, 1_000, {"snoozed_version": 1, "snoozed_until": later}))
    for start, number, fields in marks:
        some = pks[start : start + number]
        Receipt.objects.bulk_create([Receipt(user=user, notification_id=pk, **fields) for pk in some], batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return user, pks


def all_of(work: Callable[[Any], int], start: Any) -> None:
    """Do *work* until nothing is due."""
    turns = count(1)
    while work(start + timedelta(seconds=next(turns))):
        pass


def said(name: str, work: Callable[[], object], times: int = 5) -> None:
    """Print the shortest of *times* and the processor time that it took."""
    taken = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = min(taken)
    print(f"{name:28} {cpu * 1_000:10.1f} ms of processor time, {wall * 1_000:10.1f} ms in all")
