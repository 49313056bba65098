"""The positions of an event stream as one opaque text: signed, and good for one user only."""

from collections.abc import Mapping
from typing import Any, Final

from django.core import signing

from realtime.protocol import Position

SALT: Final = "realtime.cursor"


def write(user_id: Any, positions: Mapping[str, Position]) -> str:
    """Return the cursor for *positions* by stream."""
    held = {stream: [position.offset, position.epoch] for stream, position in positions.items()}
    return signing.dumps([str(user_id), held], salt=SALT)


def read(user_id: Any, cursor: str) -> dict[str, Position] | None:
    """Return the positions that *cursor* holds; None where it is not this user's, or not one of ours."""
    try:
        owner, held = signing.loads(cursor, salt=SALT)
    except signing.BadSignature:
        return None
    if owner != str(user_id):
        return None
    return {stream: Position(offset, epoch) for stream, (offset, epoch) in held.items()}
