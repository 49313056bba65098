"""Where the results go: JSON beside the logs, and the page in docs/ with its chart."""

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench import chart, goals, results, table
from bench.run import Outcome
from tests.chaos.processes import ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"
CHART: Final = ROOT / "docs" / "images" / "benchmarks.svg"
BEGIN: Final = "<!-- Written by `make bench`; edit above or below. -->"
END: Final = "<!-- The end of what `make bench` writes. -->"


def machine() -> dict[str, Any]:
    """Return what the run ran on, and how busy that was before."""
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]  # fmt: skip
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def markdown(outcome: Outcome, about: dict[str, Any]) -> str:
    """Return what stands between the markers of the page."""
    found = results.summarize(outcome.records)
    parts = [_about(about)]
    if disturbed := results.disturbed(outcome.records):
        parts.append(f"**{disturbed}**")
    parts += ["## Goals", table.goals(goals.judge(found)), "## Figures", table.results(found)]
    parts += ["## What was measured", table.lines(["", "version"], sorted(outcome.versions.items()))]
    if outcome.absent:
        parts.append("Absent: " + " ".join(f"{title}: {reason}" for title, reason in outcome.absent.items()))
    if busy := results.saturated(outcome.records):
        parts.append("The generator was at its limit, so that these say less of the server: " + "; ".join(busy) + ".")
    if outcome.failures:
        parts.append("Not measured: " + "; ".join(line.splitlines()[0] for line in outcome.failures) + ".")
    return "\n\n".join(parts)


def write(outcome: Outcome, about: dict[str, Any], path: Path) -> None:
    """Write everything that was found into the directory *path*: as JSON each repeat by itself, tables, and chart."""
    found = {
        "about": about,
        "versions": outcome.versions,
        "absent": outcome.absent,
        "failures": outcome.failures,
        "goals": [asdict(goal) for goal in goals.judge(results.summarize(outcome.records))],
        "records": [asdict(record) for record in outcome.records],
    }
    (path / "results.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (path / "results.md").write_text(markdown(outcome, about) + "\n")
    chart.draw(results.summarize(outcome.records), path / "results.svg")


def publish(outcome: Outcome, about: dict[str, Any], page: Path = PAGE, picture: Path = CHART) -> None:
    """Put the tables between the markers of the page, and draw its chart. Raises: ValueError, without markers."""
    chart.draw(results.summarize(outcome.records), picture)
    page.write_text(between_markers(page.read_text(), markdown(outcome, about)))


def between_markers(text: str, new: str) -> str:
    """Return *text* with *new* between its markers. Raises: ValueError, where there are none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("The page has lost its markers.")
    return f"{before}{BEGIN}\n\n{new}\n\n{END}{after}"


def _about(about: dict[str, Any]) -> str:
    cores = (
        "the server on one core, the generator on another" if about["pinned"] else "server and generator share cores"
    )
    return (
        f"{about['date']}, {about['cpu']}, {about['cores']} cores ({cores}), Linux {about['kernel']}, "
        f"Python {about['python']}; load before the run {about['load_before']}. `{about['command']}` took "
        f"{about['seconds'] / 60:.0f} minutes; medians of {about['repeats']} interleaved "
        f"repeat{'' if about['repeats'] == 1 else 's'}."
    )


def today() -> str:
    """Return the date."""
    return datetime.now(UTC).date().isoformat()
