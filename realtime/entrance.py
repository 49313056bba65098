"""The way in, for WebSockets, event streams and polls alike: limits, identity, limits of that user.

What is refused here the audit has been told of; how the client hears it is up to its transport.
"""

import logging
from typing import Any, Final

from realtime import auth, protocol
from realtime.errors import CloseCode, Disconnect, LimitExceeded
from realtime.identity import Identity
from realtime.node import Node
from realtime.sink import PRIVATE
from realtime.visits import Visit

logger = logging.getLogger(__name__)

BUSY_RETRY_MS: Final = 2_000


async def enter(here: Node, client_id: str, scope: Any, visit: Visit) -> tuple[Identity | None, int]:
    """Return who comes, None where nothing says so yet, and the mark from before that was read.

    Raises: LimitExceeded; Refused and Unauthorized of `auth`; DatabaseError.
    """
    try:
        await here.quotas.admit(client_id, scope)
        mark = here.revalidation.mark()
        identity = await auth.identify(here, scope)
    except LimitExceeded as over:
        visit.limited(over.setting)
        raise
    except auth.Refused as refused:
        visit.refused(str(refused))
        raise
    except auth.Unauthorized as unauthorized:
        visit.unauthorized(str(unauthorized))
        raise
    if identity is not None:
        visit.identified(identity)
        await count_user(here, client_id, identity, visit)
    return identity, mark


async def count_user(here: Node, client_id: str, identity: Identity, visit: Visit) -> None:
    """Count an admitted connection for its user. Raises: LimitExceeded."""
    try:
        await here.quotas.admit_user(client_id, identity.user.pk)
    except LimitExceeded as over:
        visit.limited(over.setting, identity.user)
        raise


def busy(what: str, error: Exception) -> Disconnect:
    """Log that the database keeps *what* from being done, and return the end that asks the client to come later."""
    logger.warning("%s: %s", what, error)
    return Disconnect(CloseCode.TRY_LATER, "The database is busy", retry_after_ms=BUSY_RETRY_MS)


def restarting() -> Disconnect:
    """Return the end of whoever comes to a node that hands its clients over."""
    return Disconnect(CloseCode.RESTART, "The server restarts", retry_after_ms=BUSY_RETRY_MS)


def unauthorized() -> Disconnect:
    """Return the end of whoever has no valid credentials; the audit is told more than the client."""
    return Disconnect(CloseCode.POLICY, "Unauthorized")


async def turn_away(receive: Any, send: Any, end: Disconnect) -> None:
    """End a WebSocket with *end*, before there is a node to serve it."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": protocol.disconnect(end, reconnect=True)})
    await send({"type": "websocket.close", "code": PRIVATE + end.code, "reason": end.reason})
