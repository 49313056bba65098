"""The stream on which nodes tell each other what concerns connections and not clients.

It is a stream like any other, so what is said on it survives a crash and a lost channel layer; no topic is registered
for it, so no client can subscribe to it. It names users and user groups by their ids, and never a credential: whoever
hears it asks the database which of their connections still hold.

`realtime.signals` calls this for every change that Django tells of. A queryset's `update()`, `bulk_update` and plain
SQL tell nobody: call one of these beside them, in the same transaction.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.db import transaction

from realtime import audience
from realtime.outbox import Draft, publish_many

STREAM: Final = "control"
HISTORY_COUNT: Final = 10_000
HISTORY_AGE: Final = 86_400.0
USER_CHANGED: Final = "user_changed"
GROUP_CHANGED: Final = "group_changed"
EVERYONE_CHANGED: Final = "everyone_changed"

_urgent: list[Callable[[], None]] = []


def user_changed(user_ids: Iterable[Any]) -> None:
    """Have every node look again at these users' connections, once the current transaction commits.

    Connections whose credential no longer holds end; the others' subscriptions follow what their user may see by now.
    """
    _publish([Draft(STREAM, {"type": USER_CHANGED}, audience.for_user(pk), str(pk)) for pk in user_ids])


def group_changed(group_ids: Iterable[Any]) -> None:
    """Do the same for the connected members of these user groups, however many members there are."""
    _publish([Draft(STREAM, {"type": GROUP_CHANGED}, audience.for_group(pk), str(pk)) for pk in group_ids])


def everyone_changed() -> None:
    """Do the same for whoever is connected; for changes in bulk."""
    _publish([Draft(STREAM, {"type": EVERYONE_CHANGED})])


def on_urgent(relay: Callable[[], None]) -> None:
    """Have *relay* called after each commit that said something here: it must not wait for a server's next look."""
    _urgent[:] = [relay]


def _publish(drafts: list[Draft]) -> None:
    if not drafts:
        return
    with transaction.atomic():
        publish_many(drafts)
        for relay in _urgent:
            transaction.on_commit(relay, robust=True)
