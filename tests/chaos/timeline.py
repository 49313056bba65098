"""A picture of a run: the faults by kind, and under them deliveries and delays by the second. Plain SVG text."""

from html import escape
from pathlib import Path
from typing import Final

from tests.chaos import figures
from tests.chaos.run import Outcome

LEFT: Final = 190
WIDTH: Final = 1200
LANE: Final = 20
CHART: Final = 130
GAP: Final = 34
COLORS: Final = ("#2563eb", "#dc2626", "#d97706", "#059669", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f")
STYLE: Final = "font-family:system-ui,sans-serif;font-size:12px;background:#fff"


def draw(outcome: Outcome, path: Path) -> None:
    """Write the picture to *path*."""
    span = max(outcome.ended - outcome.began, 1.0)
    kinds = sorted({fault.kind for fault in outcome.faults})
    scale = (WIDTH - LEFT - 20) / span
    parts = [f'<text x="8" y="20" font-size="15">{escape(_title(outcome, span))}</text>']
    for number, kind in enumerate(kinds):
        parts += _lane(outcome, kind, 34 + number * LANE, COLORS[number % len(COLORS)], scale)
    counts, delays = _by_second(outcome, int(span) + 1)
    top = 34 + len(kinds) * LANE + GAP
    parts += _chart("deliveries per second", [float(count) for count in counts], top, scale, "#334155", "")
    parts += _chart("99th percentile of delay", delays, top + CHART + GAP, scale, "#dc2626", " s")
    height = top + 2 * (CHART + GAP)
    parts += _axis(span, scale, height - 12)
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" style="{STYLE}"'
    path.write_text(f"<svg {box}>\n" + "\n".join(parts) + "\n</svg>\n")


def _title(outcome: Outcome, span: float) -> str:
    found = outcome.verdict
    return (
        f"Seed {outcome.options.seed}, {span:.0f} s, {found.deliveries} deliveries, {len(outcome.faults)} faults: "
        f"lost {found.lost}, duplicated {found.duplicated}, out of order {found.out_of_order}"
    )


def _lane(outcome: Outcome, kind: str, y: int, color: str, scale: float) -> list[str]:
    bars = [f'<text x="8" y="{y + 14}">{escape(kind)}</text>']
    for fault in outcome.faults:
        if fault.kind == kind:
            x, width = LEFT + (fault.began - outcome.began) * scale, max(2.0, (fault.over - fault.began) * scale)
            bars.append(f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{LANE - 6}" fill="{color}"/>')
    return bars


def _by_second(outcome: Outcome, seconds: int) -> tuple[list[int], list[float]]:
    """Return how many deliveries arrived in each second, and the delay of what was written in it."""
    assert outcome.committed is not None
    counts = [0] * seconds
    delays: list[list[float]] = [[] for _ in range(seconds)]
    for journal in outcome.journals:
        if not figures.is_timed(journal):
            continue
        for written, got in figures.deliveries(journal, outcome.committed):
            if 0 <= (second := int(got - outcome.began)) < seconds:
                counts[second] += 1
            if 0 <= (second := int(written - outcome.began)) < seconds:
                delays[second].append(got - written)
    return counts, [figures.percentile(sorted(values), 0.99) for values in delays]


def _chart(title: str, values: list[float], top: int, scale: float, color: str, unit: str) -> list[str]:
    most = max([*values, 0.001])
    points = " ".join(
        f"{LEFT + second * scale:.1f},{top + CHART - value / most * CHART:.1f}" for second, value in enumerate(values)
    )
    return [
        f'<text x="8" y="{top + 12}">{title}</text>',
        f'<text x="{LEFT - 6}" y="{top + 30}" text-anchor="end" fill="#64748b">up to {most:.4g}{unit}</text>',
        f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{top + CHART}" y2="{top + CHART}" stroke="#cbd5e1"/>',
        f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>',
    ]


def _axis(span: float, scale: float, y: int) -> list[str]:
    step = 5 if span <= 60 else 60
    return [
        f'<text x="{LEFT + second * scale:.1f}" y="{y}" text-anchor="middle" fill="#64748b">{second} s</text>'
        for second in range(0, int(span) + 1, step)
    ]
