"""Users who cannot but have the same unread count, so that one of them is counted for all.

After a publication to everyone the counts of everyone are asked for, and few of them have done anything but read up to
some mark.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Final

from django.contrib.auth import get_user_model
from django.db import connection

from notifications.models import LIVE_IN_SQL, GroupFloor, Notification, ReadMark, Receipt

_OWN: Final = """
SELECT account.id, COALESCE(m."offset", 0),
    EXISTS (SELECT 1 FROM {receipt} r WHERE r.user_id = account.id)
    OR EXISTS (SELECT 1 FROM {notification} n WHERE n.audience = 'user:' || account.id AND {live})
FROM {user} account LEFT JOIN {mark} m ON m.user_id = account.id WHERE account.id IN ({ids})
"""
_GROUPS: Final = """
SELECT member.user_id, member.group_id, COALESCE(f."offset", 0)
FROM {member} member LEFT JOIN {floor} f ON f.user_id = member.user_id AND f.group_id = member.group_id
WHERE member.user_id IN ({ids})
"""


def representatives(user_ids: Sequence[int]) -> Mapping[int, int]:
    """Return for each of *user_ids* the one of them that has the same unread count; often that is the user.

    Alike are those in the same groups, with the same marks, who left no receipt on any notification and have none of
    their own. Two queries.
    """
    groups: dict[int, set[tuple[int, int]]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_sql(_GROUPS, user_ids), user_ids)
        for user_id, group_id, floor in cursor.fetchall():
            groups[user_id].add((group_id, floor))
        cursor.execute(_sql(_OWN, user_ids), user_ids)
        rows = cursor.fetchall()
    first: dict[Hashable, int] = {}
    return {
        user_id: user_id if own else first.setdefault((mark, frozenset(groups[user_id])), user_id)
        for user_id, mark, own in rows
    }


def _sql(text: str, user_ids: Sequence[int]) -> str:
    user = get_user_model()
    return text.format(
        user=user._meta.db_table,
        member=user.groups.through._meta.db_table,
        mark=ReadMark._meta.db_table,
        floor=GroupFloor._meta.db_table,
        receipt=Receipt._meta.db_table,
        notification=Notification._meta.db_table,
        live=LIVE_IN_SQL,
        ids=", ".join(["%s"] * len(user_ids)),
    )
