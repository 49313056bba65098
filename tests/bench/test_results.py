"""Tests of what becomes of the figures: medians, goals, tables, the chart and the page."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from bench import chart, goals, report, results, table
from bench.load.measures import percentile
from bench.run import Outcome
from bench.session import Record

ABOUT = {
    "date": "2026-01-01", "cpu": "A processor", "cores": 2, "pinned": True, "kernel": "6", "python": "3.11",
    "load_before": 0.1, "command": "make bench", "seconds": 60.0, "repeats": 1,
}  # fmt: skip


def record(row: str, cpu: float, *, scenario: str = "fanout", subscribers: int = 1_000, **more: Any) -> Record:
    """Return a measurement of a thousand deliveries in a second."""
    figures = {"cpu": cpu, "deliveries": 1_000, "seconds": 1.0, "helpers": 0.0, "generator": 0.5, "foreign": 0.0}
    return Record(row, scenario, subscribers, 0, figures | more)


def verdicts(*records: Record) -> dict[str, bool | None]:
    return {goal.text: goal.met for goal in goals.judge(results.summarize(list(records)))}


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, 0.0), ([3, 1, 2], 0.5, 2.0), (list(range(100)), 0.99, 99.0), ([7], 1.0, 7.0)],
)
def test_percentile(values: list[int], share: float, expected: float) -> None:
    """A percentile is one of the values; of none it is 0."""
    assert percentile(values, share) == expected


def test_the_median_of_the_repeats_counts() -> None:
    """One disturbed repeat does not move the figure; what was lost adds up."""
    found = results.summarize([record("Aether", cpu, lost=1) for cpu in (0.010, 0.011, 0.500)])
    figures = found["fanout", 1_000]["Aether"]
    assert figures["us_per_delivery"] == pytest.approx(11.0)
    assert figures["lost"] == 3


def test_goals_are_ratios() -> None:
    """A goal is met or missed by the ratio of two figures of the same run, and neither where one is missing."""
    found = verdicts(record("Aether", 0.011), record("nchan (nginx)", 0.010), record("NATS", 0.009))
    assert found["CPU per delivery ≤ 1.15 × nchan"] is True
    assert found["… below NATS"] is False
    assert found["… below Node ws"] is None


def test_memory_with_compression_needs_compression() -> None:
    """A server that agreed to none does not meet the goal of compressing cheaply."""
    row = "Aether, compression on"
    more = {"scenario": "memory", "subscribers": 5_000, "per_connection": 10_000.0}
    text = "memory per idle connection of 5,000 ≤ 22 KB, compression on"
    assert verdicts(record(row, 0.0, deflated=0, **more))[text] is None
    assert verdicts(record(row, 0.0, deflated=5_000, **more))[text] is True


@pytest.mark.parametrize(("on", "met"), [(11_000.0, True), (13_000.0, False)])
def test_compression_may_cost_two_kilobytes(on: float, met: bool) -> None:
    """What counts is the difference at the same number of connections."""
    more = {"scenario": "memory", "subscribers": 5_000}
    found = verdicts(
        record("Aether, compression off", 0.0, deflated=0, per_connection=10_000.0, **more),
        record("Aether, compression on", 0.0, deflated=5_000, per_connection=on, **more),
    )
    assert found["memory per idle connection of 5,000 that compression adds ≤ 2 KB"] is met


@pytest.mark.parametrize(
    ("p99", "waiting", "kept", "met"),
    [(10.9, 1e5, 1e4, [True, True, True]), (11.2, 2e6, 3e5, [False, False, False])],
)
def test_clients_that_never_read_may_cost_little(p99: float, waiting: float, kept: float, met: list[bool]) -> None:
    """The others' p99 rises by a tenth at most, the memory is bounded, and it is given back."""
    figures = {"p99": p99, "alone": 10.0, "stalled": 500, "waiting": waiting, "kept": kept, "connected": 2e4}
    found = verdicts(record("Aether", 0.01, scenario="stalled", **figures))
    assert found["p99 beside 500 clients that never read ≤ 1.1 × alone"] is met[0]
    assert found["… what waits for each of them ≤ 1 MB"] is met[1]
    assert found["… and is given back when they are closed"] is met[2]


def test_a_busy_generator_and_a_busy_machine_are_told() -> None:
    """Whoever reads the figures learns that the generator was at its limit, or the machine at something else."""
    busy = [record("Node ws", 0.01, generator=0.97, foreign=0.4)]
    assert results.saturated(busy) == ["Node ws: fanout, 1,000 subscribers (97% of the generator's core)"]
    assert "40%" in results.disturbed(busy)
    assert results.disturbed([record("Node ws", 0.01)]) == ""


def test_whoever_watches_sees_a_figure() -> None:
    """Each measurement has a line while the run goes on, also one in which nothing came."""
    assert results.brief(record("Aether", 0.011)) == "11.0 µs per delivery"
    assert results.brief(record("Aether", 0.0, deliveries=0)) == "nothing was delivered"


def test_a_table_has_a_row_for_each_server() -> None:
    """Figures that were not measured are dashes."""
    text = table.results(results.summarize([record("Aether", 0.011), record("NATS", 0.009)]))
    assert "### Fan-out to 1,000 subscribers, closed loop" in text
    assert "| Aether | 11.0 | – | 1,000 | 50% | 0 |" in text
    assert table.lines(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


def test_the_page_keeps_what_is_around_the_tables(tmp_path: Path) -> None:
    """Only what stands between the markers is written anew; the chart is a picture; who was absent is named."""
    outcome = Outcome([record("Aether", 0.011)], {"NATS": "It is not installed."}, {"Aether": "uvicorn 1"})
    page, picture = tmp_path / "page.md", tmp_path / "images" / "chart.svg"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.publish(outcome, ABOUT, page, picture)
    report.publish(outcome, ABOUT, page, picture)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert text.count("Absent: NATS: It is not installed.") == 1
    assert ET.parse(picture).getroot().tag.endswith("svg")


def test_a_page_without_markers_is_left_alone() -> None:
    """Without its markers nothing of a page is overwritten."""
    with pytest.raises(ValueError, match="markers"):
        report.between_markers("text", "new")


def test_the_docs_have_the_markers() -> None:
    """The page of the docs can be written."""
    assert "new" in report.between_markers(report.PAGE.read_text(), "new")


def test_the_chart_is_sorted_and_escaped(tmp_path: Path) -> None:
    """The best comes first, and any name can be drawn."""
    chart.draw(results.summarize([record("A & B", 0.02), record("Aether", 0.01)]), tmp_path / "chart.svg")
    text = (tmp_path / "chart.svg").read_text()
    assert text.index(">Aether<") < text.index("A &amp; B")
