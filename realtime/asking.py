"""Who is connected now, on all nodes, and ending their connections: asked over the channel layer, and kept nowhere.

A layer may lose a message, so an answer may be missing: who should have answered is known by the nodes' leases.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.utils import timezone

from realtime import node
from realtime.broker import NODES
from realtime.models import Lease
from realtime.roll_call import END, PREFIX, ROLL_CALL, Present

logger = logging.getLogger(__name__)

PATIENCE: Final = 2.0
"""Seconds that nodes have to answer."""


@dataclass(slots=True)
class Answer:
    """What one node answered; where `answered` is false it did not, and all that is known of it is its name."""

    node: str
    name: str
    answered: bool = True
    draining: bool = False
    total: int = 0
    """Connections that the node has."""
    found: int = 0
    """Those of them that were asked for."""
    present: list[Present] = field(default_factory=list)
    """The newest `MOST` of those."""


def call(search: str = "", *, patience: float = PATIENCE) -> list[Answer]:
    """Return what every node says of its connections, those last that did not answer within *patience* seconds.

    With *search* only of those whose user, address, client id or topic has it. Blocks; from any thread but a node's.
    """
    expected = _nodes()
    message = {"type": ROLL_CALL, "search": search.strip().lower()}
    answers = {
        answer["node"]: Answer(
            node=answer["node"],
            name=answer["name"],
            draining=answer["draining"],
            total=answer["total"],
            found=answer["found"],
            present=[Present(**one) for one in answer["present"]],
        )
        for answer in _asked(message, expected.keys(), patience)
    }
    silent = [Answer(key, name, answered=False) for key, name in expected.items() if key not in answers]
    return [*sorted(answers.values(), key=lambda one: one.name), *silent]


def end(client_ids: Sequence[str], *, patience: float = PATIENCE) -> list[Present]:
    """Disconnect these clients, wherever they are; return those of whom a node says that it has. Blocks, as `call`."""
    message = {"type": END, "client_ids": list(client_ids)}
    answers = _asked(message, _nodes().keys(), patience)
    return [Present(**one) for answer in answers for one in answer["ended"]]


def _nodes() -> dict[str, str]:
    """Return the nodes that there are by their leases: each one's id, and its name."""
    held = Lease.objects.filter(name__startswith=PREFIX, expires_at__gt=timezone.now())
    return {lease.name.removeprefix(PREFIX): lease.holder for lease in held}


def _asked(message: dict[str, Any], expected: Collection[str], patience: float) -> list[dict[str, Any]]:
    """Return the nodes' answers. In a node's process it is asked on the node's loop, whose layer may be in memory."""
    if here := node.here():
        asking = asyncio.run_coroutine_threadsafe(_ask(message, expected, patience), here.loop)
        return asking.result(2 * patience + 1)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(async_to_sync(_ask), message, expected, patience).result()


async def _ask(message: dict[str, Any], expected: Collection[str], patience: float) -> list[dict[str, Any]]:
    """Say *message* to all nodes; return their answers, once all *expected* have answered or time is up."""
    layer = get_channel_layer()
    if layer is None:
        return []
    answers: dict[str, dict[str, Any]] = {}
    group = f"aether.answers.{uuid.uuid4().hex}"
    channel = ""
    try:
        async with asyncio.timeout(patience):
            channel = await layer.new_channel()
            await layer.group_add(group, channel)
            await layer.group_send(NODES, message | {"origin": "", "reply": group})
            while not expected or set(expected) - answers.keys():
                answer = await layer.receive(channel)
                answers[answer["node"]] = answer
    except TimeoutError:
        pass
    except Exception as error:  # noqa: BLE001  A layer raises whatever its store's client does.
        logger.warning("The nodes could not be asked: %s", str(error) or type(error).__name__)
    finally:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(patience):
                await layer.group_discard(group, channel)
    return list(answers.values())
