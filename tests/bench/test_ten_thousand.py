"""Tests of what the run of ten thousand notifications writes down, and of what it fills a server with."""

from pathlib import Path

import pytest

from bench.ten_thousand import pages, rest
from bench.ten_thousand.slow import Explained
from bench.ten_thousand.timing import Timed

UNREAD = '"id" IN (\nWITH seat (user_id) AS (\n  SELECT 1\n)\nSELECT id FROM unread)'


def test_a_step_keeps_each_attempt() -> None:
    """A step returns what its work returned, and knows the middle and the worst of its attempts."""
    step = Timed("List", "The first page")
    assert [step.take(lambda: "found") for _ in range(3)] == ["found"] * 3
    assert len(step.milliseconds) == 3
    step.milliseconds = [3.0, 1.0, 20.0]
    assert (step.middle, step.worst) == (3.0, 20.0)


def test_the_tables() -> None:
    """Each step is a row, also one that failed; the longest query stands there in short, with its plan."""
    steps = [Timed("List", "The first page", [1.0, 2.0], "100 found"), Timed("Batch", "Delete", [5.0], failed="500")]
    sql = f'SELECT "notifications_notification"."id", "x"."y" FROM "notifications_notification" WHERE {UNREAD}'
    text = pages.render("Today.", steps, [Explained("/api/v1/notifications", 9, 30.0, 20.0, sql, ["SCAN it"])])
    assert "| List | The first page | 1.5 | 2.0 | 100 found |" in text
    assert "| Batch | Delete | 5.0 | 5.0 | **failed**: 500 |" in text
    assert "| `/notifications` | 9 | 30.0 | 20.0 |" in text
    assert 'SELECT … FROM "notifications_notification" WHERE "id" IN (… what is unread …)' in text
    assert "SCAN it" in text


def test_a_run_takes_the_place_of_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each database has its place in the docs; what is around it stays."""
    page = tmp_path / "benchmarks.md"
    sqlite, other = pages.MARK.format("SQLite"), pages.MARK.format("PostgreSQL")
    page.write_text(f"Above.\n\n### On SQLite\n\n{sqlite}\n\nold\n\n### On PostgreSQL\n\n{other}\n")
    monkeypatch.setattr(pages, "PAGE", page)
    pages.publish("new", postgresql=False)
    pages.publish("newest", postgresql=True)
    assert page.read_text() == (
        f"Above.\n\n### On SQLite\n\n{sqlite}\n\nnew\n\n### On PostgreSQL\n\n{other}\n\nnewest\n"
    )


def test_a_page_without_a_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written where the docs have no place for it."""
    monkeypatch.setattr(pages, "PAGE", tmp_path / "benchmarks.md")
    pages.PAGE.write_text("Nothing.\n")
    with pytest.raises(SystemExit, match="has no place for this"):
        pages.publish("new", postgresql=False)
    assert pages.PAGE.read_text() == "Nothing.\n"


def test_the_docs_have_both_places() -> None:
    """The page that is written to has a place for each database."""
    text = pages.PAGE.read_text()
    assert all(text.count(pages.MARK.format(name)) == 1 for name in ("SQLite", "PostgreSQL"))


def test_what_is_searched_for_is_there_as_often_as_it_says() -> None:
    """Of ten thousand, ten have the word of one in a thousand, and the oldest alone has the needle."""
    notes = [rest.note(number) for number in range(10_000)]
    assert sum("thousandth" in note["title"] for note in notes) == 10
    assert [number for number, note in enumerate(notes) if rest.NEEDLE in note["message"]] == [0]
