"""Horizontal bars of some figures, as plain SVG text that is readable on light and dark pages."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median
from typing import Final

from bench.results import Summary

WIDTH: Final = 900
LEFT: Final = 230
BAR: Final = 18
ROW: Final = 26
GAP: Final = 56
CUT: Final = 4
"""Times the median at which a bar ends, and its figure says how much longer it were."""
STYLE: Final = "font-family:system-ui,sans-serif;font-size:13px;background:#fff"


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of one scenario, for every row that has it."""

    title: str
    scenario: str
    figure: str
    form: str
    most_is_best: bool = False


PANELS: Final = (
    Panel("CPU per delivery to {size} subscribers (µs; shorter is better)", "fanout", "us_per_delivery", ".1f"),
    Panel("p99 of 5 messages a second to {size} subscribers (ms; shorter is better)", "paced", "p99", ".1f"),
    Panel("Deliveries a second, 50 at a time to {size} (longer is better)", "burst", "deliveries_per_s", ",.0f", True),
)  # fmt: skip


def draw(found: Summary, path: Path) -> None:
    """Write the chart to *path*."""
    parts: list[str] = []
    top = 28
    for panel in PANELS:
        size = (
            1_000 if panel.scenario == "fanout" else max((n for name, n in found if name == panel.scenario), default=0)
        )
        rows = {row: figures[panel.figure] for row, figures in found.get((panel.scenario, size), {}).items()
                if panel.figure in figures}  # fmt: skip
        if rows:
            parts += _panel(panel, size, rows, top)
            top += len(rows) * ROW + GAP
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" style="{STYLE}"'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<svg {box}>\n" + "\n".join(parts) + "\n</svg>\n")


def _panel(panel: Panel, size: int, rows: dict[str, float], top: int) -> list[str]:
    """Return the bars, the best first. What is far beyond the others is cut, so that those can be told apart."""
    most = max(rows.values()) if panel.most_is_best else min(max(rows.values()), CUT * median(rows.values()))
    parts = [f'<text x="8" y="{top}" font-size="15">{escape(panel.title.format(size=f"{size:,}"))}</text>']
    best_first = sorted(rows.items(), key=lambda item: item[1], reverse=panel.most_is_best)
    for number, (row, value) in enumerate(best_first):
        y = top + 12 + number * ROW
        width = max(2.0, min(value / max(most, 1e-9), 1.0) * (WIDTH - LEFT - 110))
        color = "#2563eb" if row.startswith("Aether") else "#94a3b8"
        shown = f"{'» ' if value > most else ''}{value:{panel.form}}"
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(row)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{color}"/>',
            f'<text x="{LEFT + width + 6:.1f}" y="{y + 14}">{shown}</text>',
        ]
    return parts
