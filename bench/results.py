"""From records to the figures of the tables: medians over the repeats."""

from collections import defaultdict
from statistics import median
from typing import Any, Final

from bench.session import Record

SATURATED: Final = 0.9
"""Share of its core from which on the generator may be what was measured."""
BUSY: Final = 0.1
"""Share of the machine from which on others' work counts as a disturbance."""
AS_THEY_ARE: Final = (
    "p50", "p99", "worst", "answer_p50", "answer_ms", "commands", "valkey_us", "per_connection",
    "alone", "stalled", "waiting", "kept", "connected",
)  # fmt: skip
Key = tuple[str, int]
"""A scenario and its number of subscribers."""
Summary = dict[Key, dict[str, dict[str, float]]]
"""Figures by key and by row."""


def derived(record: Record) -> dict[str, float]:
    """Return what the tables show of one measurement; times in the unit that their names end with."""
    raw = record.figures
    found = {name: raw.get(name, 0.0) for name in ("generator", "foreign")}
    found |= {"lost": float(raw.get("lost", 0) + raw.get("ended", 0))}
    if raw.get("deliveries"):
        found["us_per_delivery"] = raw["cpu"] / raw["deliveries"] * 1e6
        if raw["helpers"]:
            found["helpers_us"] = raw["helpers"] / raw["deliveries"] * 1e6
        found["deliveries_per_s"] = raw["deliveries"] / raw["seconds"]
    found |= {name: float(raw[name]) for name in AS_THEY_ARE if name in raw}
    if "alone" in raw:
        found["beside"] = raw["p99"] / raw["alone"]
    if record.scenario == "storm":
        found["connects_per_s"] = raw["connections"] / raw["seconds"]
        found["ms_per_connect"] = raw["cpu"] / raw["connections"] * 1000
    if record.scenario in {"bulk", "read"}:
        found["ms"] = raw["seconds"] * 1000
    if record.scenario == "memory":
        found["deflated"] = raw["deflated"] / record.subscribers
    return found


def summarize(records: list[Record]) -> Summary:
    """Return the median of each figure over the repeats; of what was lost, the sum, and of shares the largest."""
    gathered: dict[Key, dict[str, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for record in records:
        for name, value in derived(record).items():
            gathered[record.scenario, record.subscribers][record.row][name].append(value)
    reduce: dict[str, Any] = {"lost": sum, "generator": max}
    return {
        key: {
            row: {name: float(reduce.get(name, median)(values)) for name, values in figures.items()}
            for row, figures in rows.items()
        }
        for key, rows in gathered.items()
    }


def brief(record: Record) -> str:
    """Return the figure that says most of one measurement, for whoever watches the run."""
    found = derived(record)
    names = {
        "commands": "{:.2f} commands", "per_connection": "{:,.0f} bytes each", "connects_per_s": "{:,.0f} connects/s",
        "answer_ms": "answered after {:.1f} ms", "p99": "p99 {:.1f} ms", "us_per_delivery": "{:.1f} µs per delivery",
    }  # fmt: skip
    return next((text.format(found[name]) for name, text in names.items() if name in found), "nothing was delivered")


def saturated(records: list[Record]) -> list[str]:
    """Return the measurements in which the generator was at its limit, as sentences."""
    return sorted(
        {
            f"{record.row}: {record.scenario}, {record.subscribers:,} subscribers "
            f"({record.figures['generator']:.0%} of the generator's core)"
            for record in records
            if record.figures.get("generator", 0.0) >= SATURATED
        }
    )


def disturbed(records: list[Record]) -> str:
    """Return a sentence on what else the machine did meanwhile; empty where it did nothing to speak of."""
    shares = [record.figures["foreign"] for record in records if "foreign" in record.figures]
    if not shares or max(shares) < BUSY:
        return ""
    return (
        f"The machine was busy with other things: they took {median(shares):.0%} of its cores in the middle "
        f"measurement, and {max(shares):.0%} in the worst. Measure again on an idle one."
    )
