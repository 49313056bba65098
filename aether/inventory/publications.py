"""The publications that tell clients what changed in the inventory."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from aether.inventory.models import Item
from aether.inventory.representation import represent
from realtime import outbox
from realtime.outbox import Draft

STREAM: Final = "inventory"
Action = Literal["created", "updated", "deleted"]


def announce(action: Action, rows: Iterable[Item]) -> None:
    """Publish that *rows*, which are all of one kind, are as they are now, when the transaction commits.

    Call it after the writing: of a cluster, the hosts are told as they are stored.
    """
    outbox.publish_many(_drafts(action, rows))


def _drafts(action: Action, rows: Iterable[Item]) -> Iterator[Draft]:
    for data in represent(rows):
        body = {"type": "inventory", "action": action, "data": data}
        yield Draft(STREAM, body, key=f"{data['kind']}:{data['id']}", version=data["version"])
