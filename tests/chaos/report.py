"""The figures of a run: as JSON, and for a person."""

import json
from collections import Counter
from heapq import nlargest
from pathlib import Path
from typing import Any

from tests.chaos import figures
from tests.chaos.figures import percentile
from tests.chaos.run import Outcome
from tests.chaos.verdict import WRONG

SLOWEST = 10
ENDS = 12


def summarize(outcome: Outcome) -> dict[str, Any]:
    """Return everything that is worth keeping of a run; times are in seconds."""
    committed, verdict, options = outcome.committed, outcome.verdict, outcome.options
    assert committed is not None
    took = sorted(
        max(0.0, got - written)
        for journal in outcome.journals
        if figures.is_timed(journal)
        for written, got in figures.deliveries(journal, committed)
    )
    during = figures.delays(outcome.faults, outcome.journals, committed)
    recovery = figures.recoveries(outcome.faults, outcome.journals, committed)
    resets: Counter[str] = Counter()
    for journal in outcome.journals:
        resets.update(journal.resets)
    return {
        "seed": options.seed,
        "seconds": options.seconds,
        "clients": dict(Counter(journal.kind for journal in outcome.journals)),
        "publications": {stream: log.head for stream, log in committed.logs.items()},
        "deliveries": verdict.deliveries,
        "reconnects": sum(len(journal.outages) for journal in outcome.journals),
        "resets": dict(resets),
        "ends": dict(sum((journal.ends for journal in outcome.journals), Counter()).most_common(ENDS)),
        "output": {
            "appends": dict(outcome.appends),
            "lines_delivered": sum(journal.printed.lines for journal in outcome.journals),
            **outcome.compared["output"],
        },
        "inventory": outcome.compared["inventory"],
        "jobs": outcome.compared["jobs"],
        "rest_answers": {str(status): count for status, count in sorted(outcome.answers.items())},
        "faults": dict(Counter(fault.kind for fault in outcome.faults)),
        "schedule": [
            [fault.kind, round(fault.began - outcome.began, 2), round(fault.over - outcome.began, 2)]
            for fault in outcome.faults
        ],
        "slowest": _slowest(outcome),
        "lost": verdict.lost,
        "duplicated": verdict.duplicated,
        "out_of_order": verdict.out_of_order,
        "foreign": verdict.foreign,
        "lines": verdict.lines,
        "violations": verdict.violations,
        "diverged": verdict.diverged,
        "late": outcome.late,
        "examples": verdict.examples,
        "delivery": _spread(took),
        "delivery_during": {kind: _spread(values) for kind, values in sorted(during.items())},
        "recovery": {kind: _spread(values) for kind, values in sorted(recovery.items())},
        "clean": verdict.clean and not outcome.late,
    }


def text(summary: dict[str, Any]) -> str:
    """Return the summary as lines for a terminal."""
    total = sum(summary["publications"].values())
    lines = [
        f"{total} publications, {summary['deliveries']} deliveries to {sum(summary['clients'].values())} clients",
        *map(_moved, ("inventory", "jobs"), (summary["inventory"], summary["jobs"])),
        "{lines} lines of output, {lines_delivered} delivered; appends: {appends}".format(**summary["output"]),
        f"{sum(summary['faults'].values())} faults, {summary['reconnects']} reconnects, resets {summary['resets']}",
        "  ".join(f"{name} {summary[name]}" for name in WRONG),
        f"delivery: p50 {summary['delivery']['p50']:.3f} s, p99 {summary['delivery']['p99']:.3f} s",
        f"{'time to recover, seconds':<28}{'faults':>7}{'p50':>8}{'p99':>8}{'worst':>8}{'delivery p99 during':>22}",
    ]
    for kind, spread in summary["recovery"].items():
        figures_of = "".join(f"{spread[name]:>8.2f}" for name in ("p50", "p99", "worst"))
        during = summary["delivery_during"][kind]["p99"]
        lines.append(f"  {kind:<26}{summary['faults'][kind]:>7}{figures_of}{during:>22.2f}")
    for kind, examples in summary["examples"].items():
        lines += [f"{kind}: {example}" for example in examples]
    if summary["late"]:
        lines.append(f"not caught up at the end: {', '.join(summary['late'][:8])} ({len(summary['late'])})")
    return "\n".join(lines)


def _moved(stream: str, counts: dict[str, int]) -> str:
    return f"{stream}: " + ", ".join(f"{count} {name}" for name, count in counts.items())


def write(summary: dict[str, Any], path: Path) -> None:
    """Write the summary as JSON."""
    path.write_text(json.dumps(summary, indent=2) + "\n")


def _slowest(outcome: Outcome) -> list[dict[str, Any]]:
    """Return the deliveries that took longest, with when they were written, in seconds of the run."""
    assert outcome.committed is not None
    found: list[tuple[float, float, str]] = []
    for journal in outcome.journals:
        if figures.is_timed(journal):
            found += [(got - at, at, journal.name) for at, got in figures.deliveries(journal, outcome.committed)]
    return [
        {"client": name, "written": round(at - outcome.began, 2), "took": round(took, 2)}
        for took, at, name in nlargest(SLOWEST, found)
    ]


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 0.5), 4),
        "p99": round(percentile(values, 0.99), 4),
        "worst": round(values[-1], 4) if values else 0.0,
        "count": len(values),
    }
