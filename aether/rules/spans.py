"""How long something lasted, in words."""

from datetime import timedelta
from typing import Final

UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def span(length: timedelta) -> str:
    """Return *length* in its largest unit and the next: `2 hours 5 minutes`, `40 seconds`."""
    seconds = max(0, round(length.total_seconds()))
    parts: list[str] = []
    for name, size in (*UNITS, ("second", 1)):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount} {name}{'' if amount == 1 else 's'}")
        elif parts:
            break
    return " ".join(parts[:2]) or "less than a second"
