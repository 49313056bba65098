"""The results as Markdown."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from bench.goals import Goal
from bench.results import Key, Summary

Column = tuple[str, Callable[[dict[str, float]], str]]


def _shown(name: str, form: str, scale: float = 1.0) -> Callable[[dict[str, float]], str]:
    def show(figures: dict[str, float]) -> str:
        return format(figures[name] * scale, form) if name in figures else "–"

    return show


CPU: Final[Column] = ("CPU per delivery, µs", _shown("us_per_delivery", ".1f"))
BROKER: Final[Column] = ("Valkey's, µs", _shown("helpers_us", ".1f"))
RATE: Final[Column] = ("deliveries/s", _shown("deliveries_per_s", ",.0f"))
GENERATOR: Final[Column] = ("generator's core", _shown("generator", ".0%"))
LOST: Final[Column] = ("lost", _shown("lost", ".0f"))
TABLES: Final[dict[str, tuple[str, tuple[Column, ...]]]] = {
    "fanout": ("Fan-out to {size} subscribers, closed loop", (CPU, BROKER, RATE, GENERATOR, LOST)),
    "burst": ("Published 50 at a time to {size} subscribers", (CPU, RATE, GENERATOR, LOST)),
    "paced": (
        "5 messages a second to {size} subscribers",
        (("p50, ms", _shown("p50", ".1f")), ("p99, ms", _shown("p99", ".1f")), CPU, GENERATOR, LOST),
    ),
    "topics": ("{topics} topics of 50 subscribers each", (CPU, RATE, GENERATOR, LOST)),
    "storm": (
        "{size} connects, 100 at a time",
        (("connects/s", _shown("connects_per_s", ",.0f")), ("CPU per connect, ms", _shown("ms_per_connect", ".2f")),
         GENERATOR),
    ),
    "memory": (
        "Memory of {size} idle connections",
        (("KB per connection", _shown("per_connection", ".1f", 1 / 1024)),
         ("agreed to compression", _shown("deflated", ".0%"))),
    ),
    "post": (
        "REST POST to {size} browsers, one at a time",
        (("p50, ms", _shown("p50", ".1f")), ("p99, ms", _shown("p99", ".1f")),
         ("answered, p50, ms", _shown("answer_p50", ".1f")), CPU),
    ),
    "bulk": (
        "1,000 notifications created at once, for {size} browsers",
        (("until all have all, ms", _shown("ms", ",.0f")), CPU, RATE, LOST),
    ),
    "read": (
        "Mark-all-read of 10,000 unread, {size} tabs",
        (("answered, ms", _shown("answer_ms", ".1f")), ("until all tabs know, ms", _shown("ms", ".1f"))),
    ),
    "stalled": (
        "{size} subscribers, 20 messages a second, beside others that never read",
        (("that never read", _shown("stalled", ",.0f")), ("p99 alone, ms", _shown("alone", ".1f")),
         ("p99 beside, ms", _shown("p99", ".1f")), ("ratio", _shown("beside", ".2f")),
         ("waits for each, KB", _shown("waiting", ".0f", 1 / 1024)),
         ("left of each, KB", _shown("kept", ".0f", 1 / 1024)), LOST),
    ),
    "layer": (
        "A publication on Valkey's side, {size} sockets on the node",
        (("commands", _shown("commands", ".2f")), ("Valkey's CPU, µs", _shown("valkey_us", ".0f"))),
    ),
}  # fmt: skip


def results(found: Summary) -> str:
    """Return a table for each scenario and size, in the order of the list above."""
    parts = []
    for scenario, (title, columns) in TABLES.items():
        for key in sorted(key for key in found if key[0] == scenario):
            heading = title.format(size=f"{key[1]:,}", topics=f"{key[1] // 50:,}")
            parts.append(f"### {heading}\n\n{_table(found, key, columns)}")
    return "\n\n".join(parts)


def goals(judged: Iterable[Goal]) -> str:
    """Return the goals as a table."""
    words = {True: "met", False: "**missed**", None: "–"}
    return lines(["goal, on one server core", "measured", ""],
                 [[goal.text, goal.measured, words[goal.met]] for goal in judged])  # fmt: skip


def lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    every = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in every)


def _table(found: Summary, key: Key, columns: Sequence[Column]) -> str:
    rows = [[row, *(show(figures) for _, show in columns)] for row, figures in found[key].items()]
    return lines(["", *(name for name, _ in columns)], rows)
