"""Which notifications are unread, for up to 500 users in a constant number of queries.

A notification is unread for a user in three cases that exclude each other, each found by an index of its own:

- *later*: it was opened at an offset after the user's mark (index `opening_position`);
- *pending*: it was opened, and that has no offset yet (an index of the outbox);
- *kept*: the mark covers it, but the user marked it as unread (index `receipt_unread`).

In each of them a receipt for the opened version says otherwise: that it was read, or is not in the inbox. What is
scheduled has neither an opening nor a publication. `CROSS JOIN` fixes SQLite's order of the tables, so
that the few rows of the first lead to the others; to PostgreSQL it is an ordinary join. Both planners must be told how
few those are, else they read whole tables (measured with 100,000 notifications: 44 ms instead of 2, and 20 of 1).
`MATERIALIZED` keeps PostgreSQL from finding all of them anew for each row of a query around it, which it takes for the
best where it believes a table to be empty (two minutes for 3,000 rows).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Count, Min
from django.db.models.expressions import RawSQL

from notifications.alike import representatives
from notifications.models import GroupFloor, Notification, Opening, ReadMark, Receipt
from notifications.publications import STREAM
from realtime.models import Publication

CHUNK: Final = 500
"""Users in one query."""
AWAY: Final = "away_version"
"""The column of a receipt that takes a notification out of the inbox."""
ALIKE_FROM: Final = 3
"""Users from which on those are looked for who have the same count."""

_UNREAD: Final = """
WITH seat (user_id, audience, mark) AS (
    SELECT account.id, 'everyone', COALESCE(m."offset", 0)
    FROM {user} account LEFT JOIN {mark} m ON m.user_id = account.id WHERE account.id IN ({ids})
    UNION ALL
    SELECT account.id, 'user:' || account.id, COALESCE(m."offset", 0)
    FROM {user} account LEFT JOIN {mark} m ON m.user_id = account.id WHERE account.id IN ({ids})
    UNION ALL
    SELECT member.user_id, 'group:' || member.group_id,
        CASE WHEN COALESCE(f."offset", 0) > COALESCE(m."offset", 0) THEN f."offset" ELSE COALESCE(m."offset", 0) END
    FROM {member} member LEFT JOIN {mark} m ON m.user_id = member.user_id
    LEFT JOIN {floor} f ON f.user_id = member.user_id AND f.group_id = member.group_id
    WHERE member.user_id IN ({ids})
), unread (user_id, id) AS MATERIALIZED (
    SELECT seat.user_id, n.id
    FROM seat CROSS JOIN {opening} o CROSS JOIN {notification} n
    LEFT JOIN {receipt} r ON r.user_id = seat.user_id AND r.notification_id = n.id
    WHERE o.audience = seat.audience AND {later}
        AND n.id = o.notification_id AND n.opened_version = o.version AND n.deleted_at IS NULL
        AND (r.id IS NULL OR (r.read_version < n.opened_version AND r.{away} < n.opened_version))
    UNION ALL
    SELECT seat.user_id, n.id
    FROM {publication} p CROSS JOIN {notification} n CROSS JOIN seat
    LEFT JOIN {receipt} r ON r.user_id = seat.user_id AND r.notification_id = n.id
    WHERE p.stream = '{stream}' AND p."offset" IS NULL AND p.version = n.opened_version
        AND n.id = {key} AND n.deleted_at IS NULL AND seat.audience = n.audience
        AND (r.id IS NULL OR (r.read_version < n.opened_version AND r.{away} < n.opened_version))
    UNION ALL
    SELECT seat.user_id, n.id
    FROM {receipt} r CROSS JOIN {notification} n CROSS JOIN {opening} o CROSS JOIN seat
    WHERE r.user_id IN ({ids}) AND r.unread_version > 0 AND n.id = r.notification_id AND n.deleted_at IS NULL
        AND r.unread_version >= n.opened_version AND r.read_version < n.opened_version
        AND r.{away} < n.opened_version AND o.notification_id = n.id AND o.version = n.opened_version
        AND seat.user_id = r.user_id AND seat.audience = n.audience AND o."offset" <= seat.mark
)
"""


def unread_count(user_id: int) -> int:
    """Return how many notifications *user_id* may see and has not read; right while some are pending."""
    return unread_counts([user_id])[user_id]


def unread_counts(user_ids: Collection[int]) -> Mapping[int, int]:
    """Return the unread count of each of *user_ids*, with four queries at most for each 500 of them."""
    found = dict.fromkeys(user_ids, 0)
    ids = sorted(found)
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        alike = representatives(some) if len(some) >= ALIKE_FROM else {}
        sql, params = counting(sorted({alike.get(pk, pk) for pk in some}))
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            counts = dict(cursor.fetchall())
        found.update({pk: counts.get(alike.get(pk, pk), 0) for pk in some})
    return found


def counting(user_ids: Sequence[int]) -> tuple[str, list[int]]:
    """Return the query, and its parameters, that counts for *user_ids*."""
    return _sql(user_ids, "SELECT user_id, COUNT(*) FROM unread GROUP BY user_id")


def unread_ids(user_id: int, *, anywhere: bool = False) -> RawSQL:
    """Return the ids of what *user_id* has not read in the inbox, or *anywhere* they keep it, as a subquery."""
    away = "dismissed_version" if anywhere else AWAY
    return RawSQL(*_sql([user_id], "SELECT id FROM unread", away))  # noqa: S611  Only the ids' placeholders vary.  # nosec B611


def _sql(user_ids: Sequence[int], select: str, away: str = AWAY) -> tuple[str, list[int]]:
    user = get_user_model()
    names = {
        "user": user._meta.db_table,
        "member": user.groups.through._meta.db_table,
        "mark": ReadMark._meta.db_table,
        "floor": GroupFloor._meta.db_table,
        "opening": Opening._meta.db_table,
        "notification": Notification._meta.db_table,
        "receipt": Receipt._meta.db_table,
        "publication": Publication._meta.db_table,
        "stream": STREAM,
        "key": "CAST(NULLIF(p.key, '') AS uuid)" if connection.vendor == "postgresql" else "p.key",
        "later": _later(user_ids),
        "away": away,
        "ids": ", ".join(["%s"] * len(user_ids)),
    }
    return _UNREAD.format(**names) + select, list(user_ids) * 4


def _later(user_ids: Sequence[int]) -> str:
    """Return the condition that an opening is later than the mark, so that the planner knows that this is rare.

    SQLite is told so; PostgreSQL's statistics know it, given an offset that all of *user_ids* have read up to.
    """
    if connection.vendor == "sqlite":
        return 'likelihood(o."offset" > seat.mark, 0.0001)'
    marks = ReadMark.objects.filter(pk__in=user_ids).aggregate(count=Count("pk"), lowest=Min("offset"))
    lowest = int(marks["lowest"]) if marks["count"] == len(user_ids) else 0
    return f'o."offset" > seat.mark AND o."offset" > {lowest}'
