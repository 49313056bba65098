"""`python -m bench.compressing`: how small a batch of notifications becomes, and how long that takes, once for all.

The sizes are the same everywhere. The time is the least of many, so that it says something on a busy machine too.
"""

import json
import sys
import time
from typing import Final

from bench import table
from realtime.frames import deflate

BATCHES: Final = (1, 3, 5, 100)
TIMES: Final = 300


def notification(number: int) -> dict[str, object]:
    """Return a message as clients get it."""
    return {
        "type": "notification", "action": "created", "topic": "notifications", "offset": 41_000 + number,
        "data": {
            "id": 7_300 + number, "title": f"VM {number * 37 % 1_000} was migrated",
            "message": f"From host {number * 13 % 64} to host {number * 29 % 64} in {number * 7 % 50} s",
            "level": "info", "category": "vm", "created_at": f"2026-01-01T10:{number // 60:02}:{number % 60:02}.000Z",
            "read": False, "related_entity": None, "metadata": {}, "version": 1,
        },
    }  # fmt: skip


def text(count: int) -> bytes:
    """Return *count* notifications as one message, as a v1 client gets them."""
    messages = [notification(number) for number in range(count)]
    whole: object = messages[0] if count == 1 else {"type": "batch", "messages": messages}
    return json.dumps(whole, separators=(",", ":")).encode()


def microseconds(payload: bytes) -> float:
    """Return the least time that compressing *payload* takes."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        deflate(payload)
        took.append(time.perf_counter() - began)
    return min(took) * 1e6


def rows() -> list[list[str]]:
    """Return a row for each batch."""
    found = [(count, text(count)) for count in BATCHES]
    return [
        [str(count), f"{len(payload):,}", f"{len(deflate(payload)):,}", f"{microseconds(payload):.0f} µs"]
        for count, payload in found
    ]


if __name__ == "__main__":
    sys.stdout.write(
        table.lines(["notifications in a batch", "bytes", "compressed", "time, once for all"], rows()) + "\n"
    )
